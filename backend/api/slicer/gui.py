"""`/slicer/gui`: the layout of the views, and whether anything is shown around them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from backend.api.slicer.exchange import Endpoint, Exchange
from backend.errors import BadRequestError
from backend.http.routes import Operation, Param
from backend.scene import commands as c
from backend.sessions.session import Session

CONTENTS: dict[str, c.Contents] = {"viewers": "viewers", "full": "full"}
PARAMS = (
    Param("contents", "the views alone, or with everything around them; any case", choices=("viewers", "full")),
    Param("viewersLayout", "name of a layout, any case, for example FourUp, OneUp3D, OneUpRedSlice, ThreeOverThree"),
)


@dataclass(frozen=True)
class Gui:
    """Answers `/slicer/gui` for one session."""

    session: Session

    def endpoints(self) -> list[Endpoint]:
        """`/slicer/gui`."""
        read = Operation("/slicer/gui", "Switch the layout of the views", ("GET",), "slicer", PARAMS)
        write = Operation(
            "/slicer/gui", "Switch the layout; the names may also come as a JSON object", ("POST", "PUT"), "slicer", PARAMS,
            accepts="application/json",
        )  # fmt: skip
        return [Endpoint("gui", self.answer, (read, write))]

    async def answer(self, exchange: Exchange) -> None:
        """Both values are checked before either is used."""
        wanted = {**_from_body(exchange), **exchange.query}
        contents = None
        if "contents" in wanted:
            contents = CONTENTS.get(str(wanted["contents"]).lower())
            if contents is None:
                raise BadRequestError("contents must be 'viewers' or 'full'")
        if "viewersLayout" in wanted:
            await self.session.ask(c.SetLayout(str(wanted["viewersLayout"])), c.GuiState)
        if contents is not None:
            await self.session.ask(c.SetContents(contents), c.GuiState)
        exchange.send_json({"success": True})


def _from_body(exchange: Exchange) -> Mapping[str, Any]:
    """What a PUT or POST says in a JSON object; Slicer ignores bodies, so anything else is no error."""
    if exchange.method not in ("POST", "PUT"):
        return {}
    try:
        found = exchange.json_body()
    except BadRequestError:
        return {}
    return found if isinstance(found, dict) else {}
