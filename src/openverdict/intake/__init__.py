"""Files to facts: CSV, XLSX, Parquet and facts files become a register, and every row that cannot be read becomes a reject."""
