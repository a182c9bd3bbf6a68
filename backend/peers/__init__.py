"""Other servers: fetching from them, and what was fetched."""
