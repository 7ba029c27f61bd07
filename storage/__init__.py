"""What Callwatch remembers: one SQLite connection, owned by one thread."""
