"""Policy: which files, addresses and people may do what."""
