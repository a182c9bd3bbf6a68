"""Studies at rest: taking them in, finding, reading, deleting."""
