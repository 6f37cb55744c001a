#!/bin/sh
# Installs the Debian packages named as arguments (default: what `make setup` needs) that are not there yet. Needs root
# only when something is missing. Parts that need more name it themselves: scripts/system-packages.sh chromium
set -eu
[ $# -gt 0 ] || set -- make python3 python3-venv
missing=
for package in "$@"; do
  # A tool that came another way than by its package is as good.
  case $package in
    make | python3 | chromium) command -v "$package" >/dev/null 2>&1 && continue ;;
    postgresql) ls /usr/lib/postgresql/*/bin/initdb >/dev/null 2>&1 && continue ;;
    openjdk-*-jre-headless) [ -x "${JAVA_HOME:-/}/bin/java" ] || command -v java >/dev/null 2>&1 && continue ;;
    python3-venv) python3 -c 'import ensurepip, venv' >/dev/null 2>&1 && continue ;;
  esac
  dpkg-query -W -f '${Status}' "$package" 2>/dev/null | grep -q 'ok installed' || missing="$missing $package"
done
[ -n "$missing" ] || exit 0
if ! command -v apt-get >/dev/null 2>&1; then
  echo "missing:$missing; install them with your system's package manager, then run this again" >&2
  exit 2
fi
if [ "$(id -u)" != 0 ]; then
  echo "missing:$missing; run: sudo apt-get install$missing" >&2
  exit 2
fi
echo "installing the Debian packages$missing …"
export DEBIAN_FRONTEND=noninteractive
apt-get -o DPkg::Lock::Timeout=300 -qq update
# shellcheck disable=SC2086 # one word a package
apt-get -o DPkg::Lock::Timeout=300 -o Dpkg::Use-Pty=0 -qq install -y --no-install-recommends $missing >/dev/null
