"""What a viewer offers beside its views: layouts, looks of volume rendering, bookmarks, sequences, following the tool."""

from __future__ import annotations

from urllib.parse import unquote

import msgspec

from backend.errors import BadRequestError
from backend.http.base import BaseHandler
from backend.http.routes import Operation, Param, Route
from backend.scene import commands as c
from backend.sessions.session import Session

LOOK_PX = (16, 256)
MAX_NAME = 80
BINS, BINS_AT_LEAST, BINS_AT_MOST = 256, 8, 1024


class BookmarkRequest(msgspec.Struct):
    """Body of `POST /api/bookmarks`."""

    name: str
    camera: c.CameraPatch


class ItemRequest(msgspec.Struct):
    """Body of `PUT /api/sequences/{id}`."""

    item: int


class FollowRequest(msgspec.Struct):
    """Body of `PUT /api/tracking`."""

    follow: bool


class SessionHandler(BaseHandler):
    """Of a session."""

    def initialize(self, session: Session) -> None:
        """The session."""
        self.session = session


class LayoutsHandler(SessionHandler):
    """`/api/layouts`."""

    async def get(self) -> None:
        """All layouts that show views of the scene."""
        self.send_json({"layouts": await self.session.ask(c.ListLayouts(), list[c.LayoutEntry])})


class LookHandler(SessionHandler):
    """`/api/rendering/looks`."""

    async def get(self) -> None:
        """A small picture of a volume under a preset."""
        query = self.query
        try:
            size = int(query.get("size", "96"))
        except ValueError as error:
            raise BadRequestError("size must be an integer") from error
        if not LOOK_PX[0] <= size <= LOOK_PX[1]:
            raise BadRequestError(f"size must be {LOOK_PX[0]} to {LOOK_PX[1]} pixels")
        if not query.get("volume") or not query.get("preset"):
            raise BadRequestError("give a volume's id and the name of a preset")
        command = c.LookPicture(query["volume"], query["preset"], size, tuple(self.known_etags))
        info, data = await self.session.ask_picture(command, c.PictureInfo)
        self.send(data, "image/png", info.etag)


class HistogramHandler(SessionHandler):
    """`/api/rendering/histogram`."""

    async def get(self) -> None:
        """How often values occur in a volume."""
        volume, bins = self.query.get("volume", ""), self.query.get("bins", str(BINS))
        if not volume:
            raise BadRequestError("give a volume's id")
        if not bins.isdecimal() or not BINS_AT_LEAST <= int(bins) <= BINS_AT_MOST:
            raise BadRequestError(f"bins is a whole number from {BINS_AT_LEAST} to {BINS_AT_MOST}")
        found = await self.session.ask(c.Histogram(volume, int(bins)), c.HistogramOf)
        self.send_json(msgspec.to_builtins(found))


class BookmarksHandler(SessionHandler):
    """`/api/bookmarks`."""

    async def get(self) -> None:
        """All remembered cameras."""
        self.send_json({"bookmarks": await self.session.ask(c.ListBookmarks(), list[c.Bookmark])})

    async def post(self) -> None:
        """Remember one."""
        wanted = self.read_json(BookmarkRequest)
        name = wanted.name.strip()
        if not name or len(name) > MAX_NAME:
            raise BadRequestError(f"a name has 1 to {MAX_NAME} characters")
        try:
            c.require_finite(c.ViewPatch(camera=wanted.camera))
        except ValueError as error:
            raise BadRequestError(str(error)) from error
        self.send_json(await self.session.ask(c.AddBookmark(name, wanted.camera), c.Bookmark), 201)


class BookmarkHandler(SessionHandler):
    """`/api/bookmarks/{name}`."""

    async def delete(self, name: str) -> None:
        """Forget it."""
        await self.session.ask(c.RemoveBookmark(unquote(name)), type(None))
        self.send_json({"name": unquote(name)})


class SequencesHandler(SessionHandler):
    """`/api/sequences`."""

    async def get(self) -> None:
        """All sequences that can be played."""
        self.send_json({"sequences": await self.session.ask(c.ListSequences(), list[c.SequenceEntry])})


class SequenceHandler(SessionHandler):
    """`/api/sequences/{id}`."""

    async def put(self, sequence: str) -> None:
        """Show an item."""
        wanted = self.read_json(ItemRequest)
        self.send_json(await self.session.ask(c.ShowItem(sequence, wanted.item), c.SequenceEntry))


class FollowHandler(SessionHandler):
    """`/api/tracking`."""

    async def get(self) -> None:
        """Whether slices follow the tracked tool."""
        self.send_json({"follow": (await self.session.ask(c.Describe(), c.SceneInfo)).follow_tool})

    async def put(self) -> None:
        """Have them follow it, or not."""
        await self.session.ask(c.FollowTool(self.read_json(FollowRequest).follow), type(None))
        await self.get()


def viewing_routes(session: Session) -> list[Route]:
    """The routes."""
    one = {"session": session}
    text, number = {"type": "string"}, {"type": "number"}
    point = {"type": "array", "items": number, "minItems": 3, "maxItems": 3}
    camera = _object(position=point, focal_point=point, view_up=point, view_angle=number)
    bookmark = _object(name=text, camera=camera)
    layout = _object(name=text, composition={"type": "object"})
    whole = {"type": "integer"}
    entry = _object(id=text, name=text, items=whole, item=whole, label=text)
    named, by_id = Param("name", "bookmark", where="path"), Param("id", "of its browser node", where="path")
    looked = (
        Param("volume", "id of a volume", required=True),
        Param("preset", "one of `rendering.presets` of a 3D view's state (docs/stream.md)", required=True),
        Param("size", "width and height", "integer", default=96, unit="px", minimum=LOOK_PX[0], maximum=LOOK_PX[1]),
    )
    example = {
        "name": "From the front",
        "camera": {"position": [0, 500, 0], "focal_point": [0, 0, 0], "view_up": [0, 0, 1], "view_angle": 30},
    }
    layouts = Operation("/api/layouts", "All layouts: names and places of their views", tag="scene",
                        answer=_object(layouts=_list(layout)))  # fmt: skip
    look = Operation("/api/rendering/looks", "A small picture of a volume under a preset of volume rendering", tag="scene",
                     params=looked, answers=("image/png",))  # fmt: skip
    counted = (
        Param("volume", "id of a volume", required=True),
        Param("bins", "parts of its range", "integer", default=BINS, minimum=BINS_AT_LEAST, maximum=BINS_AT_MOST),
    )
    span = {"type": "array", "items": number, "minItems": 2, "maxItems": 2}
    histogram = Operation("/api/rendering/histogram", "How often values occur in a volume", tag="scene", params=counted,
                          answer=_object(range=span, counts=_list({"type": "integer"})),
                          description="Of large volumes an evenly spread part of the voxels is counted.")  # fmt: skip
    bookmarks = Operation("/api/bookmarks", "The remembered cameras", tag="scene", answer=_object(bookmarks=_list(bookmark)))
    remember = Operation("/api/bookmarks", "Remember a camera; a name that is taken gets a number", ("POST",), "scene",
                         answer=bookmark, status=201, accepts="application/json", body=bookmark,
                         body_example=example)  # fmt: skip
    forget = Operation("/api/bookmarks/{name}", "Forget a camera", ("DELETE",), "scene", (named,), answer=_object(name=text))
    sequences = Operation("/api/sequences", "Sequences that can be played", tag="scene",
                          answer=_object(sequences=_list(entry)))  # fmt: skip
    show = Operation("/api/sequences/{id}", "Show an item of a sequence", ("PUT",), "scene", (by_id,), answer=entry,
                     accepts="application/json", body=_object(item={"type": "integer", "minimum": 0}),
                     body_example={"item": 0})  # fmt: skip
    follows = _object(follow={"type": "boolean"})
    followed = Operation("/api/tracking", "Whether crosshair and slices go with the tracked tool", tag="scene", answer=follows)
    follow = Operation("/api/tracking", "Have crosshair and slices go with the tracked tool, or not", ("PUT",), "scene",
                       answer=follows, accepts="application/json", body=follows, body_example={"follow": True})  # fmt: skip
    return [
        Route(r"/api/tracking", FollowHandler, (followed, follow), one),
        Route(r"/api/layouts", LayoutsHandler, (layouts,), one),
        Route(r"/api/rendering/looks", LookHandler, (look,), one),
        Route(r"/api/rendering/histogram", HistogramHandler, (histogram,), one),
        Route(r"/api/bookmarks", BookmarksHandler, (bookmarks, remember), one),
        Route(r"/api/bookmarks/([^/]+)", BookmarkHandler, (forget,), one),
        Route(r"/api/sequences", SequencesHandler, (sequences,), one),
        Route(r"/api/sequences/(\w+)", SequenceHandler, (show,), one),
    ]


def _object(**properties: object) -> dict[str, object]:
    """JSON schema of an object that has all of these."""
    return {"type": "object", "required": list(properties), "properties": properties}


def _list(items: dict[str, object]) -> dict[str, object]:
    return {"type": "array", "items": items}
