"""The commands, thin: read what was asked, call the library, say what came out."""

from openverdict.cli.program import app, main

__all__ = ["app", "main"]
