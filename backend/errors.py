"""Errors of the core. Each API translates them into its own shape and status, once."""

from __future__ import annotations


class SlicecastError(Exception):
    """A fault with a message fit for the user; anything else that escapes is a bug."""


class BadRequestError(SlicecastError):
    """The request itself is wrong: a value missing, not a number, out of range."""


class UnauthorizedError(SlicecastError):
    """Who asks has not shown who they are: a token is wanting or wrong."""


class NotFoundError(SlicecastError):
    """What the request names does not exist: a view, a node, a file."""


class ForbiddenError(SlicecastError):
    """Policy forbids it: a path outside the allowed folders, a private address, a role."""


class UnreadableError(SlicecastError):
    """A file is there but can not be read as what it claims to be."""


class UnavailableError(SlicecastError):
    """Impossible just now: the scene restarts."""

    def __init__(self, message: str, retry_after_s: float | None = None) -> None:
        super().__init__(message)
        self.retry_after_s = retry_after_s


class NoDriverError(UnavailableError):
    """Impossible on this machine until somebody installs an OpenGL driver; trying again is no use."""


class TooLargeError(SlicecastError):
    """A limit of the settings is exceeded: body, pixels, queue, count."""


class SupersededError(SlicecastError):
    """A newer request or state made this work pointless; nobody waits for its result."""
