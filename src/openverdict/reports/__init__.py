"""A review as files people read: HTML, CSV, Parquet, JSON."""
