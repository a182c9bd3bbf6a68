"""Which servers may be asked on behalf of a link: those that the settings list, and no others."""

from __future__ import annotations

from collections.abc import Sequence
from urllib.parse import SplitResult, urlsplit

from backend.errors import BadRequestError, ForbiddenError

DEFAULT_PORTS = {"http": 80, "https": 443}
LONGEST = 8192


def split(text: str) -> SplitResult:
    """A URL of any scheme, or a path, in its parts.

    Raises:
        BadRequestError: it can not be taken apart.
    """
    try:
        return urlsplit(text)
    except ValueError as error:
        raise BadRequestError(f"this is no address: {error}") from error


def parse_address(text: str) -> SplitResult:
    """An http(s) address in its parts.

    Raises:
        BadRequestError: it is none, or carries a name and password.
    """
    try:
        parts = urlsplit(text)
        port = parts.port
    except ValueError as error:
        raise BadRequestError(f"this is no address: {error}") from error
    if parts.scheme not in DEFAULT_PORTS or not parts.hostname or port == 0 or len(text) > LONGEST:
        raise BadRequestError("an address must be http:// or https:// with a host name")
    if "@" in parts.netloc:
        raise BadRequestError("an address must not hold a user name or password")
    if any(ord(ch) <= 32 or ord(ch) == 127 for ch in text):
        raise BadRequestError("an address must not hold blanks or control characters")
    return parts


def port_of(parts: SplitResult) -> int:
    """Port of an address."""
    return parts.port or DEFAULT_PORTS[parts.scheme]


def require_listed(parts: SplitResult, listed: Sequence[str]) -> None:
    """Refuse a server that `listed` does not name, as `host` for its default port and any, or as `host:port`.

    Raises:
        ForbiddenError: naming the setting.
    """
    host = parts.hostname or ""
    shown = f"[{host}]" if ":" in host else host
    if not {shown, host, f"{shown}:{port_of(parts)}"} & {name.strip().lower() for name in listed}:
        raise ForbiddenError(f"fetching from {shown} is not allowed; allow it with --link-allow-hosts {shown}")
