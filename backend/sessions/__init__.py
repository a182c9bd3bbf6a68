"""The gateway's side of scenes: launching, supervision, journal."""
