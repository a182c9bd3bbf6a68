"""What the client wants: parameters as `parse_qs` reads them, numbers that are finite, picture formats."""

from __future__ import annotations

import functools
import math
import re
from collections.abc import Mapping
from typing import Literal, NamedTuple
from urllib.parse import parse_qs, parse_qsl

from backend.errors import BadRequestError

PictureFormat = Literal["png", "jpeg", "webp"]
FORMATS: dict[str, PictureFormat] = {"png": "png", "jpeg": "jpeg", "jpg": "jpeg", "webp": "webp"}
LONGEST_REMEMBERED = 512
TRUE_WORDS, FALSE_WORDS = ("1", "true", "yes", "on"), ("0", "false", "no", "off")
MEDIA: dict[str, PictureFormat] = {"image/png": "png", "image/jpeg": "jpeg", "image/webp": "webp"}
MEDIA_TYPES: dict[str, str] = {form: media for media, form in MEDIA.items()}


def query_pairs(text: str) -> list[tuple[str, str]]:
    """All names and values as they stand, repeats and blank values too, decoded once; `+` is a space.

    `text` is as Tornado gives it.
    """
    return parse_qsl(text.encode("latin-1", "replace").decode("utf-8", "replace"), keep_blank_values=True)


def parse_query(text: str) -> dict[str, str]:
    """First value of each name, trimmed; names with a blank value vanish (Slicer's rule, `urllib.parse.parse_qs`).

    `text` is as Tornado gives it, each byte a character; bytes that nobody escaped are UTF-8, wrong ones become U+FFFD.
    """
    return dict(_parsed(text) if len(text) <= LONGEST_REMEMBERED else _parsed.__wrapped__(text))


@functools.lru_cache(256)
def _parsed(text: str) -> dict[str, str]:
    """Clients ask for the same again and again."""
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


class MediaRange(NamedTuple):
    """One range of an Accept header."""

    media: str
    """Lower case, such as `image/png`, `image/*`, `*/*`."""
    parameters: Mapping[str, str]
    """By names in lower case, quotes removed, without q."""
    weight: float
    """Its q value, 0 to 1; 0 where it is no number."""


def split_unquoted(text: str, separator: str) -> list[str]:
    """Split a header at a separator, which may also stand inside quoted strings, where it is left alone."""
    if '"' not in text:
        return text.split(separator)
    pieces, start, quoted, at = [], 0, False, 0
    while at < len(text):
        if quoted and text[at] == "\\":
            at += 1
        elif text[at] == '"':
            quoted = not quoted
        elif text[at] == separator and not quoted:
            pieces.append(text[start:at])
            start = at + 1
        at += 1
    return [*pieces, text[start:]]


def unquoted(text: str) -> str:
    """The value of a parameter, which may be a token or a quoted string."""
    text = text.strip()
    if len(text) > 1 and text[0] == text[-1] == '"':
        return re.sub(r"\\(.)", r"\1", text[1:-1])
    return text


def media_ranges(header: str) -> list[MediaRange]:
    """Ranges of an Accept header, best first and those with q=0 last (RFC 9110, 12.5.1)."""
    found = []
    for part in split_unquoted(header, ","):
        pieces = split_unquoted(part, ";")
        pairs = (piece.partition("=") for piece in pieces[1:])
        parameters = {name.strip().lower(): unquoted(value) for name, _, value in pairs if name.strip()}
        try:
            weight = float(parameters.pop("q", "1"))
        except ValueError:
            weight = 0.0
        if pieces[0].strip():
            found.append(MediaRange(pieces[0].strip().lower(), parameters, weight if 0 < weight <= 1 else float(weight > 1)))
    return sorted(found, key=lambda item: -item.weight)


def accepted(header: str) -> list[tuple[str, float]]:
    """Media types of an Accept header with their q values, best first, those with q=0 left out."""
    return [(found.media, found.weight) for found in media_ranges(header) if found.weight > 0]


def takes_gzip(header: str) -> bool:
    """Whether an Accept-Encoding header allows gzip by name."""
    return any(coding == "gzip" for coding, _weight in accepted(header))


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
