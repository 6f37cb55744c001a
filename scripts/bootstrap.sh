#!/bin/sh
# Makes the virtual environment: finds Python 3.11+, installs the hash-locked requirements, then this package.
set -eu
venv=${1:-.venv}
python=
for candidate in "${PYTHON:-}" python3 python3.13 python3.12 python3.11; do
  [ -n "$candidate" ] && command -v "$candidate" >/dev/null 2>&1 || continue
  if "$candidate" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then python=$candidate; break; fi
done
if [ -z "$python" ]; then
  echo "openverdict needs Python 3.11 or newer and found none; install it (Debian: apt-get install python3 python3-venv) or name it: make PYTHON=/path/to/python3" >&2
  exit 2
fi
if ! "$python" -c 'import ensurepip, venv' 2>/dev/null; then
  # Debian splits venv from Python. As root we can mend that; otherwise we say how.
  if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null 2>&1; then
    apt-get update -q && apt-get install -y -q --no-install-recommends python3-venv
  else
    echo "this Python has no venv module; run: sudo apt-get install python3-venv" >&2
    exit 2
  fi
fi
rm -rf "$venv"
"$python" -m venv "$venv"
echo "installing the locked requirements into $venv (once; a few minutes) …"
"$venv/bin/python" -m pip install --quiet --require-hashes -r requirements/dev.txt
"$venv/bin/python" -m pip install --quiet --no-deps --no-build-isolation --editable .
