"""An embedded Reporting API: every resource of the spec over call records in SQLite, for demos, tests and own data."""
