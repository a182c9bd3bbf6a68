"""Parameters of rendered pictures (PS3.18, 8.3.5) from the query to a `Look`."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import cast, get_args

from backend.dicom.window import Function, Window
from backend.errors import BadRequestError
from backend.http.negotiate import flag
from backend.http.routes import Param
from backend.render.stored.look import Media, Profile, Viewport

PROFILES = get_args(Profile)
UNKNOWN_PROFILES = ("adobergb", "rommrgb")
ANNOTATIONS = ("patient", "technique")
FUNCTIONS = get_args(Function)

WINDOW = Param("window", "`center,width,function` in the units of the modality", example="40,400,linear")
VIEWPORT = Param(
    "viewport", "`vw,vh[,sx,sy,sw,sh]`: the box that the picture fits into, and the part of the image that is shown; negative "
    "`sw` and `sh` mirror; values between commas may be left out", unit="pixels", example="256,256",
)  # fmt: skip
BOX = Param("viewport", "`vw,vh`: the box that the picture fits into", unit="pixels", example="128,128")
QUALITY = Param("quality", "of types that lose something", "integer", default=90, minimum=1, maximum=100)
ANNOTATION = Param("annotation", "burnt in: `patient`, `technique` or both", example="technique")
PROFILE = Param("iccprofile", "keep the image's colour profile, or turn colours into sRGB", choices=PROFILES, default="no")
OVERLAYS = Param("overlays", "draw the image's overlay planes (our own)", "boolean", default=False)
ACCEPT = Param("accept", "media type, goes before the Accept header", example="image/png")


def window_of(text: str) -> Window:
    """A window of a request.

    Raises:
        BadRequestError: not three values, a width that is too small, an unknown function.
    """
    pieces = [piece.strip() for piece in text.split(",")]
    if len(pieces) != 3:
        raise BadRequestError("window needs three values: center,width,function")
    function = pieces[2].lower()
    if function not in FUNCTIONS:
        raise BadRequestError(f"{pieces[2][:40]!r} is no window function: use linear, linear-exact or sigmoid")
    center, width = number_of(pieces[0], "window center"), number_of(pieces[1], "window width")
    least = 1 if function == "linear" else 0
    if width < least or width <= 0:
        raise BadRequestError(f"the window width must be {'at least 1' if least else 'greater than 0'}")
    return Window(center, width, cast(Function, function))


def viewport_of(text: str, region: bool = True) -> Viewport:
    """A viewport of a request; `region`: whether a part of the image may be named.

    Raises:
        BadRequestError: it can not be used.
    """
    pieces = [piece.strip() for piece in text.split(",")]
    if not 2 <= len(pieces) <= (6 if region else 2):
        raise BadRequestError("viewport needs vw,vh" + (" and may have sx,sy,sw,sh" if region else ""))
    width, height = (number_of(piece, "viewport size") for piece in pieces[:2])
    if width < 1 or height < 1:
        raise BadRequestError("the viewport's width and height must be at least 1")
    rest = [number_of(piece, "viewport region") if piece else None for piece in pieces[2:]]
    rest += [None] * (4 - len(rest))
    return Viewport(width, height, (rest[0], rest[1], rest[2], rest[3]))


def quality_of(text: str) -> int:
    """A quality of a request.

    Raises:
        BadRequestError: no whole number from 1 to 100.
    """
    if not (text.isascii() and text.isdigit() and 1 <= int(text[:9]) <= 100):
        raise BadRequestError("quality must be a whole number from 1 to 100")
    return int(text)


def annotation_of(text: str) -> tuple[tuple[str, ...], list[str]]:
    """What is to be burnt in, and words that nobody knows."""
    words = [word.strip().strip('"').lower() for word in text.split(",") if word.strip()]
    return tuple(word for word in ANNOTATIONS if word in words), [word for word in words if word not in ANNOTATIONS]


def profile_of(text: str, media: Media) -> Profile:
    """A colour profile of a request.

    Raises:
        BadRequestError: it is unknown, or the media type can not hold one.
    """
    if text in UNKNOWN_PROFILES:
        raise BadRequestError(f"the profile {text} is not to be had here")
    if text not in PROFILES:
        raise BadRequestError(f"{text[:40]!r} is no profile: use no, yes or srgb")
    if text != "no" and media not in ("image/jpeg", "image/png"):
        raise BadRequestError(f"{media} holds no colour profile here")
    return cast(Profile, text)


def overlays_of(query: Mapping[str, str]) -> bool:
    """Whether overlays are to be drawn."""
    return flag(query, "overlays")


def number_of(text: str, what: str) -> float:
    """A finite number.

    Raises:
        BadRequestError: it is none.
    """
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not math.isfinite(value) or abs(value) > 1e9:
        raise BadRequestError(f"{what} {text[:40]!r} is no number that can be used")
    return value
