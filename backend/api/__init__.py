"""The doors: one folder each, thin translators over the core."""
