#!/bin/sh
# Makes the virtual environment: finds Python 3.11+, installs the hash-locked requirements, then this package.
set -eu
venv=${1:-.venv}
python=
for candidate in "${PYTHON:-}" python3 python3.14 python3.13 python3.12 python3.11; do
  [ -n "$candidate" ] && command -v "$candidate" >/dev/null 2>&1 || continue
  if "$candidate" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then
    python=$candidate
    break
  fi
done
if [ -z "$python" ]; then
  echo "openverdict needs Python 3.11 or newer and found none; install it (Debian: apt-get install python3" \
    "python3-venv) or name it: make setup PYTHON=/path/to/python3" >&2
  exit 2
fi
if ! "$python" -c 'import ensurepip, venv' 2>/dev/null; then
  # Debian splits venv from Python. As root we can mend that; otherwise we say how.
  if [ "$python" != python3 ]; then
    echo "$python has no venv module; install it (Debian: apt-get install ${python##*/}-venv)" >&2
    exit 2
  fi
  sh "$(dirname "$0")/system-packages.sh" python3-venv
fi
echo "installing the locked requirements into $venv: once, some minutes, about 2.6 GB of disk, nothing printed meanwhile …"
# What an interrupted run left behind is in the way; an environment that works is only brought up to date.
[ -x "$venv/bin/python" ] && "$venv/bin/python" -m pip --version >/dev/null 2>&1 || "$python" -m venv --clear "$venv"
"$venv/bin/python" -m pip install --quiet --require-hashes --no-deps -r requirements/dev.txt
"$venv/bin/python" -m pip install --quiet --no-deps --no-build-isolation --no-index --editable .
