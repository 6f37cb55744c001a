"""Links to series, and how often chance alone would make such a series."""
