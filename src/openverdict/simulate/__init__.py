"""Registers made from published base rates, with or without planted series, for demos, evaluation and tests."""
