"""SQL and files at rest: the only place that knows SQLAlchemy."""
