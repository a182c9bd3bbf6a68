"""`slicer:` links: what they say, and doing it."""
