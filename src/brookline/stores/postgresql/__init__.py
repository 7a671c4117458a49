"""A plane in a table of PostgreSQL; imported only when a URL names one."""
