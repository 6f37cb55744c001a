"""`python -m openverdict`: the command line."""

from openverdict.cli import main

if __name__ == "__main__":
    main()
