"""The picture routes, under `/slicer` and at the root: `/slice`, `/threeD`, `/timeimage`, `/tracking`.

Under `/slicer` odd values are treated as Slicer treats them (an unknown view is red, `size=0` is the default); at the root
they are refused.
"""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass

import msgspec

from backend import metrics
from backend.api.slicer.exchange import Endpoint, Exchange
from backend.api.slicer.operations import picture_operations
from backend.config import Settings
from backend.errors import BadRequestError, TooLargeError
from backend.http.base import BaseHandler
from backend.http.negotiate import MEDIA_TYPES, accepted, flag, number, picture_format
from backend.render import png
from backend.render.annotate import time_image
from backend.scene import commands as c
from backend.sessions.session import Session
from backend.sessions.tool import move_tool
from backend.sharing import NewestWins, SingleFlight

ORIENTATIONS = ("axial", "sagittal", "coronal")
SLABS = ("off", "mip", "minip", "mean", "sum")
THICKEST_MM = 10_000.0
Result = tuple[c.PictureInfo, bytes]


@dataclass(frozen=True)
class Pictures:
    """Makes and sends pictures of one session."""

    session: Session
    settings: Settings
    flights: SingleFlight[Result]
    newest: NewestWins[Result]

    def endpoints(self) -> list[Endpoint]:
        """The picture routes below `/slicer`."""
        docs = picture_operations("/slicer", "slicer")

        async def slice_picture(exchange: Exchange) -> None:
            await self.slice(exchange.handler, exchange.query, strict=False)

        async def threed_picture(exchange: Exchange) -> None:
            await self.threed(exchange.handler, exchange.query, strict=False)

        async def time_picture(exchange: Exchange) -> None:
            await self.timeimage(exchange.handler, exchange.query, False)

        async def move_tool(exchange: Exchange) -> None:
            await self.tracking(exchange.handler, exchange.query, strict=False)

        return [
            Endpoint("slice", slice_picture, (docs["slice"],)),
            Endpoint("threeD", threed_picture, (docs["threed"],)),
            Endpoint("timeimage", time_picture, (docs["timeimage"],)),
            Endpoint("tracking", move_tool, (docs["tracking"],)),
        ]

    async def slice(self, handler: BaseHandler, query: Mapping[str, str], strict: bool) -> None:
        """`/slice`: view, orientation, scrollTo, offset, copySliceGeometryFrom, size; our slab, overlays, labels, fmt, quality.

        With `mode` start or drag the offset is relative, as SlicerWeb had it.
        """
        mode = query.get("mode", "").lower()
        command = c.SlicePicture(
            view=query.get("view", "red").lower(),
            picture=self._square(handler, query, strict),
            forgiving=not strict,
            drag="start" if mode == "start" else "drag" if mode == "drag" else "",
            patch=c.ViewPatch(
                orientation=_orientation(query, strict), offset=number(query, "offset"), slab=_slab(query, strict)
            ),
            scroll_to=number(query, "scrollTo"),
            copy_geometry_from=query.get("copySliceGeometryFrom"),
            overlays=flag(query, "overlays"),
            labels=flag(query, "labels"),
            grey=strict,
        )
        await self.send(handler, query, command.view, command)

    async def threed(self, handler: BaseHandler, query: Mapping[str, str], strict: bool) -> None:
        """`/threeD`: view, lookFromAxis, size, mode, roll, panX, panY, orbitX, orbitY, and our fmt, quality."""
        values = {name: number(query, name, 0.0) or 0.0 for name in ("roll", "panX", "panY", "orbitX", "orbitY")}
        command = c.ThreeDPicture(
            view=query.get("view", "1").lower(),
            picture=self._square(handler, query, strict),
            forgiving=not strict,
            look_from=query.get("lookFromAxis"),
            start=query.get("mode", "").lower() == "start",
            roll=values["roll"],
            pan=(values["panX"], values["panY"]),
            orbit=(values["orbitX"], values["orbitY"]),
        )
        await self.send(handler, query, command.view, command)

    async def tracking(self, handler: BaseHandler, query: Mapping[str, str], strict: bool) -> None:
        """`/tracking`: m, p, q move the cursor; the answer is text under `/slicer` and a picture at the root, or as asked."""
        command = c.Track(*(numbers(query, name) for name in ("m", "p", "q")))
        await move_tool(self.session, command)
        if _wants_picture(handler, query, strict):
            picture = c.ThreeDPicture("1", self._square(handler, query, strict))
            await self.send(handler, query, "1", picture)
        else:
            handler.set_header("Cache-Control", "no-store")
            handler.set_header("Content-Type", "text/plain")
            handler.finish(b"Set matrix")

    async def timeimage(self, handler: BaseHandler, query: Mapping[str, str], _strict: bool) -> None:
        """`/timeimage`: the server's time as a picture of 128 × 32, for measuring how old a picture is."""
        now = time.time()
        handler.set_header("X-Server-Time", repr(now))
        if "t" in query:
            handler.set_header(
                "X-Echo", "".join(ch for ch in query["t"][:64] if (ch.isascii() and ch.isalnum()) or ch in ".-_")
            )
        data = png.encode(time_image(query.get("color", "330"), str(now)), {"server-time": repr(now)})
        handler.send(data, "image/png", cache="no-store")

    # -- helpers -------------------------------------------------------------------------------------------------

    def _square(self, handler: BaseHandler, query: Mapping[str, str], strict: bool) -> c.Picture:
        side = _size(query, self.settings, strict)
        return self.picture(handler, query, side, side)

    def picture(self, handler: BaseHandler, query: Mapping[str, str], width: int, height: int) -> c.Picture:
        """How a request wants its picture of this size encoded."""
        kind = picture_format(query, handler.request.headers.get("Accept", ""))
        quality = number(query, "quality", 85.0) or 85.0
        return c.Picture(
            width, height, kind, round(min(max(quality, 1.0), 100.0)), "444" if quality >= 90 else "420",
            flag(query, "lossless"), handler.known_etags,
        )  # fmt: skip

    async def send(
        self,
        handler: BaseHandler,
        query: Mapping[str, str],
        view: str,
        command: c.SlicePicture | c.ThreeDPicture | c.Screenshot,
    ) -> None:
        """Have a picture made, once for all who ask for it just now, and send it; 304 if the asker has it."""
        if (known := self.session.known_picture(command)) is not None:
            _send(handler, *known)
            return

        async def fly() -> Result:
            return await self.flights.do(
                msgspec.msgpack.encode(command), lambda: self.session.ask_picture(command, c.PictureInfo)
            )

        make: Callable[[], Awaitable[Result]] = fly
        client = query.get("client")
        info, data = await (self.newest.do((client, view), make) if client else make())
        metrics.observe_picture("http", info.wait_us, info.render_us, info.encode_us)
        handler.set_header("Server-Timing", _server_timing(info))
        _send(handler, info, data)


def _send(handler: BaseHandler, info: c.PictureInfo, data: bytes) -> None:
    if info.unchanged and not data:
        handler.set_status(304)
        handler.set_header("ETag", info.etag)
        handler.set_header("Cache-Control", "no-cache")
        handler.finish()
    else:
        handler.send(data, MEDIA_TYPES[info.format], info.etag)


def _orientation(query: Mapping[str, str], strict: bool) -> str | None:
    wanted = query.get("orientation", "").lower()
    if wanted in ORIENTATIONS:
        return wanted
    if wanted and strict:
        raise BadRequestError(f"unknown orientation {wanted!r}; use {', '.join(ORIENTATIONS)}")
    return None


def _slab(query: Mapping[str, str], strict: bool) -> c.SlabPatch | None:
    """The thick slice asked for, None where nothing is.

    Raises:
        BadRequestError: no such mode, or a thickness that is not positive, when strict; else what is odd is ignored.
    """
    mode, thickness = query.get("slab", "").lower(), number(query, "thickness")
    if mode and mode not in SLABS:
        if strict:
            raise BadRequestError(f"unknown slab {mode!r}; use {', '.join(SLABS)}")
        mode = ""
    if thickness is not None and not 0 < thickness <= THICKEST_MM:
        if strict:
            raise BadRequestError(f"thickness must be more than 0 and at most {THICKEST_MM:g} mm")
        thickness = None
    if not mode and thickness is None:
        return None
    return msgspec.convert({"mode": mode or None, "thickness": thickness}, c.SlabPatch)


def _size(query: Mapping[str, str], settings: Settings, strict: bool) -> int:
    """Side of a square picture in pixels.

    Raises:
        BadRequestError: zero, negative or no number, when strict; Slicer's default otherwise.
        TooLargeError: more than the settings allow.
    """
    value = side_of(query, "size")
    if value is None:
        if strict and query.get("size", "native") != "native":
            raise BadRequestError(f"size must be a number of pixels from 1 to {settings.max_side_px}, or native")
        return settings.default_size_px
    if value > settings.max_side_px or value * value > settings.max_pixels:
        side = min(settings.max_side_px, int(settings.max_pixels**0.5))
        raise TooLargeError(f"size {query['size']} is over the limit of {side} pixels a side")
    return value


def side_of(query: Mapping[str, str], name: str) -> int | None:
    """A number of pixels of at least 1; None where there is none, or something else."""
    try:
        value = number(query, name)
    except BadRequestError:  # nan or infinity
        return None
    return None if value is None or value < 1 else int(min(value, 1e9))


def numbers(query: Mapping[str, str], name: str) -> list[float] | None:
    """Numbers separated by commas, None where the name is absent.

    Raises:
        BadRequestError: something else.
    """
    if name not in query:
        return None
    try:
        return [float(part) for part in query[name].split(",")]
    except ValueError as error:
        raise BadRequestError(f"{name} must be numbers separated by commas") from error


def _wants_picture(handler: BaseHandler, query: Mapping[str, str], strict: bool) -> bool:
    wanted = query.get("fmt", "").lower()
    if wanted in ("text", "txt", "plain"):
        return False
    if wanted:
        return True
    for media, _weight in accepted(handler.request.headers.get("Accept", "")):
        if media == "text/plain":
            return False
        if media.startswith("image/"):
            return True
        if media == "*/*":
            break
    return strict


def _server_timing(info: c.PictureInfo) -> str:
    stages = (("wait", info.wait_us), ("render", info.render_us), ("encode", info.encode_us))
    return ", ".join(f"{name};dur={value / 1000:.3f}" for name, value in stages)
