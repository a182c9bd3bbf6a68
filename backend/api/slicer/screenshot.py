"""`/slicer/screenshot`: the current layout as one picture."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from backend.api.slicer.exchange import Endpoint, Exchange
from backend.api.slicer.operations import ANY, FMT, IMAGES, QUALITY
from backend.api.slicer.pictures import Pictures, side_of
from backend.config import Settings
from backend.errors import TooLargeError
from backend.http.routes import Operation, Param
from backend.scene import commands as c

PARAMS = (
    Param("size", "pixels of the longer side, in the proportions that the settings give", "integer"),
    Param("width", "pixels", "integer"),
    Param("height", "pixels", "integer"),
    FMT,
    QUALITY,
)


@dataclass(frozen=True)
class Screenshots:
    """Answers `/slicer/screenshot` for one session."""

    pictures: Pictures
    settings: Settings

    def endpoints(self) -> list[Endpoint]:
        """`/slicer/screenshot`."""
        operation = Operation(
            "/slicer/screenshot", "The current layout as one picture: its views with their title bars", ANY, "slicer", PARAMS,
            IMAGES,
        )  # fmt: skip
        return [Endpoint("screenshot", self.answer, (operation,))]

    async def answer(self, exchange: Exchange) -> None:
        """Send the picture."""
        width, height = screenshot_size(exchange.query, self.settings)
        picture = self.pictures.picture(exchange.handler, exchange.query, width, height)
        await self.pictures.send(exchange.handler, exchange.query, "screenshot", c.Screenshot(picture))


def screenshot_size(query: Mapping[str, str], settings: Settings) -> tuple[int, int]:
    """Width and height in pixels: the settings' own, or of these proportions with `size` along the longer side, or as given.

    Raises:
        TooLargeError: more than the settings allow.
    """
    width, height = settings.screenshot_width_px, settings.screenshot_height_px
    size = side_of(query, "size")
    if size is not None:
        width, height = (max(round(side * size / max(width, height)), 1) for side in (width, height))
    width, height = side_of(query, "width") or width, side_of(query, "height") or height
    if max(width, height) > settings.max_side_px or width * height > settings.max_pixels:
        raise TooLargeError(
            f"{width} × {height} is over the limit of {settings.max_side_px} pixels a side and {settings.max_pixels} in all"
        )
    return width, height
