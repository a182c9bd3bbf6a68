"""The console command `slicecast`."""

from __future__ import annotations

import sys

from backend.app import serve
from backend.config import Settings


def main() -> int:
    """Entry."""
    return serve(Settings(), sys.argv[2:])


if __name__ == "__main__":
    sys.exit(main())
