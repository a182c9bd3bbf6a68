"""Which files requests may name: those below the configured folders, links resolved."""

from __future__ import annotations

from pathlib import Path

from backend.errors import ForbiddenError


def require_allowed(path: str, allowed: list[Path]) -> Path:
    """The resolved path, if it lies in an allowed folder.

    Raises:
        ForbiddenError: it does not; the message tells how to allow it, and not whether the file exists.
    """
    try:
        resolved = Path(path).resolve()
    except (OSError, ValueError, RuntimeError) as error:  # a null byte, a name too long, links in a circle
        raise ForbiddenError(f"{path!r} is no path: {error}") from error
    for folder in allowed:
        root = folder.expanduser().resolve()
        if resolved == root or root in resolved.parents:
            return resolved
    raise ForbiddenError(f"{path} is outside the folders that requests may use; start the server with --allow-path FOLDER")
