"""What the client wants: parameters as `parse_qs` reads them, numbers that are finite, picture formats."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Literal
from urllib.parse import parse_qs

from backend.errors import BadRequestError

PictureFormat = Literal["png", "jpeg", "webp"]
FORMATS: dict[str, PictureFormat] = {"png": "png", "jpeg": "jpeg", "jpg": "jpeg", "webp": "webp"}
TRUE_WORDS, FALSE_WORDS = ("1", "true", "yes", "on"), ("0", "false", "no", "off")
MEDIA: dict[str, PictureFormat] = {"image/png": "png", "image/jpeg": "jpeg", "image/webp": "webp"}


def parse_query(text: str) -> dict[str, str]:
    """First value of each name, trimmed; names with a blank value vanish (Slicer's rule, `urllib.parse.parse_qs`).

    `text` is as Tornado gives it, each byte a character; bytes that nobody escaped are UTF-8, wrong ones become U+FFFD.
    """
    decoded = text.encode("latin-1", "replace").decode("utf-8", "replace")
    trimmed = ((name, values[0].strip()) for name, values in parse_qs(decoded).items())
    return {name: value for name, value in trimmed if value}


def number(query: Mapping[str, str], name: str, default: float | None = None) -> float | None:
    """A finite number, `default` where the name is absent or its value no number at all, as Slicer ignores it.

    Raises:
        BadRequestError: nan or infinity, which no view can be set to.
    """
    try:
        value = float(query[name])
    except (KeyError, ValueError):
        return default
    if not math.isfinite(value):
        raise BadRequestError(f"{name} must be a finite number")
    return value


def flag(query: Mapping[str, str], name: str, default: bool = False) -> bool:
    """A switch: `1 true yes on` or `0 false no off`, any case."""
    value = query.get(name, "").lower()
    if value in TRUE_WORDS:
        return True
    return False if value in FALSE_WORDS else default


def accepted(header: str) -> list[tuple[str, float]]:
    """Media types of an Accept header with their q values, best first, those with q=0 left out (RFC 9110, 12.5.1)."""
    found = []
    for part in header.split(","):
        pieces = part.split(";")
        media, weight = pieces[0].strip().lower(), 1.0
        for piece in pieces[1:]:
            key, _, value = piece.partition("=")
            if key.strip() == "q":
                try:
                    weight = float(value)
                except ValueError:
                    weight = 0.0
        if media and weight > 0:
            found.append((media, weight))
    return sorted(found, key=lambda item: -item[1])


def picture_format(query: Mapping[str, str], accept: str, default: PictureFormat = "png") -> PictureFormat:
    """Format of a picture: `fmt=` if it names one, else Accept where it prefers one, else PNG.

    Browsers list image/webp in the Accept of every `<img>` beside `*/*`; that is no preference. Another format than PNG is
    taken only if PNG is not acceptable at the same or a higher weight, wildcards included.
    """
    wanted = FORMATS.get(query.get("fmt", "").lower())
    if wanted:
        return wanted
    if not accept:
        return default
    weights = dict(reversed(accepted(accept)))
    png = max(weights.get(media, 0.0) for media in ("image/png", "image/*", "*/*"))
    others = [(weight, MEDIA[media]) for media, weight in weights.items() if media in MEDIA and media != "image/png"]
    if others:
        weight, other = max(others)
        if weight > png and not (png and "image/avif" in weights):
            return other
    return default
