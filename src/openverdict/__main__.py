"""`python -m openverdict`: the command line."""

import sys

try:
    from openverdict.cli import main
except KeyboardInterrupt:
    print("openverdict: stopped; nothing was written", file=sys.stderr)
    sys.exit(130)

if __name__ == "__main__":
    main()
