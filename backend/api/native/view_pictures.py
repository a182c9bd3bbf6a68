"""`/api/views/{view}/picture`: a picture of a view from any place, for figures and films. It moves the view for nobody."""

from __future__ import annotations

import asyncio
import secrets
from typing import Annotated, Literal
from urllib.parse import unquote

import msgspec

from backend.errors import BadRequestError, TooLargeError
from backend.http.base import BaseHandler
from backend.http.negotiate import MEDIA_TYPES
from backend.http.routes import Operation, Param, Route
from backend.scene import commands as c
from backend.sessions.session import Session

LEAST_SIDE = 16
AT_A_TIME = 2
Side = Annotated[int, msgspec.Meta(ge=LEAST_SIDE, le=16384)]


class PictureRequest(msgspec.Struct, forbid_unknown_fields=True):
    """Body of `POST /api/views/{view}/picture`. `pose`: where to look from instead of where the view does."""

    width: Side
    height: Side
    format: Literal["png", "jpeg", "webp"] = "png"
    quality: Annotated[int, msgspec.Meta(ge=1, le=100)] = 90
    pose: c.ViewPatch | None = None


class ViewPictureHandler(BaseHandler):
    """Draws at full quality, with everything that lies over the pictures of the stream."""

    def initialize(self, session: Session, turns: asyncio.Semaphore) -> None:
        """The session, and who may draw at a time: viewers go before figures."""
        self.session, self.turns = session, turns

    async def post(self, name: str) -> None:
        """Make it from an own camera, which goes afterwards."""
        wanted, view = self.read_json(PictureRequest), unquote(name)
        if wanted.width * wanted.height > self.config.max_pixels:
            raise TooLargeError(f"a picture may have {self.config.max_pixels} pixels")
        pose = self._pose(wanted.pose)
        camera = f"picture/{secrets.token_hex(6)}"
        picture = c.Picture(wanted.width, wanted.height, wanted.format, wanted.quality, "444")
        async with self.turns:
            try:
                await self.session.ask(c.OwnCamera(view, camera, pose), type(None))
                frame = c.Frame(view, picture, camera, still=True, camera=camera)
                info, data = await self.session.ask_picture(frame, c.PictureInfo)
            finally:
                self.session.tell(c.CloseCamera(camera))
        self.set_header("Content-Type", MEDIA_TYPES[info.format])
        self.set_header("Cache-Control", "no-store")
        self.finish(data)

    @staticmethod
    def _pose(patch: c.ViewPatch | None) -> c.ViewPatch | None:
        if patch is None:
            return None
        try:
            c.require_finite(patch)
        except ValueError as error:
            raise BadRequestError(f"pose: {error}") from error
        own, shared = c.split_patch(patch)
        if shared is not None:
            raise BadRequestError("pose holds only where the view looks from, such as offset, fov, camera")
        return own


def routes(session: Session) -> list[Route]:
    """The route."""
    options = {"session": session, "turns": asyncio.Semaphore(AT_A_TIME)}
    name = Param("view", "any name of a view", where="path", example="Red")
    side = {"type": "integer", "minimum": LEAST_SIDE, "maximum": 16384}
    numbers = {"type": "array", "items": {"type": "number"}}
    pose = {"type": "object", "description": "fields of docs/stream.md, State, that an own camera has", "properties": {
        "orientation": {"type": "string"}, "offset": {"type": "number"}, "slice_to_ras": numbers, "origin": numbers,
        "fov": numbers, "fit": {"type": "boolean"}, "camera": {"type": "object"}, "look_from": {"type": "string"},
        "reset": {"type": "boolean"}}}  # fmt: skip
    wanted = {"type": "object", "required": ["width", "height"], "properties": {
        "width": side, "height": side, "format": {"enum": list(MEDIA_TYPES)},
        "quality": {"type": "integer", "minimum": 1, "maximum": 100}, "pose": pose}}  # fmt: skip
    make = Operation("/api/views/{view}/picture", "A picture of a view at full quality, from any place", ("POST",), "pictures",
                     (name,), tuple(MEDIA_TYPES.values()), "application/json", "The view itself stays where it is.",
                     wanted, {"width": 512, "height": 512})  # fmt: skip
    return [Route(r"/api/views/([^/]+)/picture", ViewPictureHandler, (make,), options)]
