"""Questions of a client, answered in its own time: `call {id, method, args}` and `result {id, value | error}`."""

from __future__ import annotations

import math
from collections.abc import Awaitable, Callable
from typing import Annotated, Any

import msgspec

from backend.api.stream.streams import Stream
from backend.errors import BadRequestError, SlicecastError
from backend.scene import commands as c
from backend.sessions.description import describe
from backend.sessions.session import Session

AT_A_TIME = 4
"""Questions of one client that wait for the scene."""
Fraction = Annotated[float, msgspec.Meta(ge=0, le=1)]


class ProbeOf(msgspec.Struct):
    """What a slice view shows at a point, RAS mm."""

    stream: int
    position: c.Vector3


class PickOf(msgspec.Struct):
    """The point seen at a place of a 3D view, fractions from its top left, through the stream's own camera if it has one."""

    stream: int
    x: Fraction
    y: Fraction


class StateOf(msgspec.Struct):
    """The state of a stream's view, through its own camera if it has one."""

    stream: int


class Calls:
    """The questions of one client."""

    def __init__(self, session: Session, stream: Callable[[int], Stream]) -> None:
        """`stream` gives an open stream by its number."""
        self._session, self._stream = session, stream
        self._waiting = 0
        self._methods: dict[str, Callable[[Any], Awaitable[Any]]] = {
            "probe": self._probe, "pick": self._pick, "state": self._state, "list": self._list,
        }  # fmt: skip

    async def answer(self, method: str, args: Any) -> dict[str, Any]:
        """The fields of a `result` that tell the answer, or why there is none."""
        if self._waiting >= AT_A_TIME:
            return {"error": f"at most {AT_A_TIME} calls can wait"}
        self._waiting += 1
        try:
            found = self._methods.get(method)
            if found is None:
                raise BadRequestError(f"there is no method {method[:40]!r}; there are {', '.join(self._methods)}")
            return {"value": msgspec.to_builtins(await found(args))}
        except (SlicecastError, msgspec.ValidationError) as error:
            return {"error": str(error)}
        finally:
            self._waiting -= 1

    async def _probe(self, args: Any) -> c.Probed:
        asked = msgspec.convert(args, ProbeOf)
        if not all(map(math.isfinite, asked.position)):
            raise BadRequestError("position is three finite numbers, RAS mm")
        return await self._session.ask(c.Probe(self._stream(asked.stream).view, asked.position), c.Probed)

    async def _pick(self, args: Any) -> c.Picked:
        asked = msgspec.convert(args, PickOf)
        stream = self._stream(asked.stream)
        return await self._session.ask(c.Pick(stream.view, asked.x, asked.y, stream.size, stream.camera), c.Picked)

    async def _state(self, args: Any) -> c.ViewInfo:
        stream = self._stream(msgspec.convert(args, StateOf).stream)
        return await self._session.ask(c.OpenView(stream.view, stream.camera), c.ViewInfo)

    async def _list(self, _args: Any) -> Any:
        return describe(self._session)
