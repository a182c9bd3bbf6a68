"""`/slicer/volumes`, `/volume`, `/volumeSelection`, `/gridTransforms`, `/gridTransform`: voxels and displacements as NRRD."""

from __future__ import annotations

import asyncio
import secrets
from dataclasses import dataclass, field
from pathlib import Path

import msgspec

from backend.api.slicer.exchange import Endpoint, Exchange
from backend.api.slicer.operations import ANY
from backend.config import Settings
from backend.errors import BadRequestError, UnavailableError
from backend.http.routes import Operation, Param
from backend.http.sending import send_file
from backend.scene import commands as c
from backend.sessions.session import Session

NRRD = "application/octet-stream"
VOLUME_CLASSES = ("vtkMRMLScalarVolumeNode", "vtkMRMLLabelMapVolumeNode")
GRID_CLASS = "vtkMRMLGridTransformNode"
PATTERN = "name or node id, or a shell pattern (* ? [..]) of either, case-sensitive; the first match in scene order"
VOLUME_ID = Param("id", f"{PATTERN}; default: the first scalar volume")
PUT_ID = Param("id", f"{PATTERN}, whose voxels and geometry are replaced; no match makes a volume of this name")
GRID_ID = Param("id", f"{PATTERN}; default: the first grid transform")
TYPE = Param("type", "`short` for 16-bit integers, values beyond cut off; default: the volume's own type", choices=("short",))
CMD = Param("cmd", "which volume the slice views show instead, in scene order", default="next", choices=("next", "previous"))


@dataclass(frozen=True)
class Volumes:
    """Answers for one session."""

    session: Session
    settings: Settings
    _slots: asyncio.Semaphore = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_slots", asyncio.Semaphore(self.settings.volume_downloads))

    def endpoints(self) -> list[Endpoint]:
        """Each with what its users need to know."""
        read = Operation("/slicer/volume", "A volume as NRRD, in LPS", ("GET",), "slicer", (VOLUME_ID, TYPE), (NRRD,))
        write = Operation(
            "/slicer/volume", "Make or replace a volume from an NRRD body and show it; without a body as GET", ("POST", "PUT"),
            "slicer", (PUT_ID,), ("application/json", NRRD), NRRD,
        )  # fmt: skip
        grid = Operation(
            "/slicer/gridTransform", "Displacements of a grid transform, from parent, LPS mm, as NRRD", ANY, "slicer",
            (GRID_ID,), (NRRD,),
        )  # fmt: skip
        step = Operation("/slicer/volumeSelection", "Show another volume", ANY, "slicer", (CMD,), ("text/plain",))
        return [
            Endpoint("volumes", self.list_volumes, (Operation("/slicer/volumes", "Names and ids of volumes", ANY, "slicer"),)),
            Endpoint("volume", self.volume, (read, write)),
            Endpoint("volumeSelection", self.select, (step,)),
            Endpoint(
                "gridTransforms", self.list_grids,
                (Operation("/slicer/gridTransforms", "Names and ids of grid transforms", ANY, "slicer"),),
            ),
            Endpoint("gridTransform", self.grid, (grid,)),
        ]  # fmt: skip

    async def list_volumes(self, exchange: Exchange) -> None:
        """Scalar volumes, then label maps."""
        exchange.send_json([entry for name in VOLUME_CLASSES for entry in await self._entries(name)])

    async def list_grids(self, exchange: Exchange) -> None:
        """Grid transforms."""
        exchange.send_json(await self._entries(GRID_CLASS))

    async def _entries(self, class_name: str) -> list[dict[str, str]]:
        """Nodes whose ids begin with the class, which is how Slicer chooses them."""
        nodes = await self.session.ask(c.SelectNodes(class_name=class_name), list[c.Node])
        return [{"name": node.name, "id": node.id} for node in nodes if node.id.startswith(class_name)]

    async def volume(self, exchange: Exchange) -> None:
        """A body is a volume to take, no body asks for one, whatever the method."""
        node_id = exchange.query.get("id")
        if exchange.body.size:
            await self._put(exchange, node_id)
            return
        wanted = exchange.query.get("type", "").lower()
        if wanted not in ("", "short"):
            raise BadRequestError(f"type may be short, not {wanted!r}")
        await self._send(exchange, c.WriteVolume(node_id, as_short=wanted == "short"))

    async def grid(self, exchange: Exchange) -> None:
        """Only asks."""
        if exchange.body.size:
            raise BadRequestError("POST griddtransform is not implemented")
        await self._send(exchange, c.WriteGrid(exchange.query.get("id")))

    async def select(self, exchange: Exchange) -> None:
        """Next unless it says previous."""
        back = exchange.query.get("cmd", "").lower() == "previous"
        await self.session.ask(c.StepVolume(back), c.Node)
        exchange.send_text("Volume selected")

    async def _put(self, exchange: Exchange, node_id: str | None) -> None:
        path = exchange.body.keep()
        try:
            await self.session.ask(c.PutVolume(str(path), node_id, self.settings.max_volume_mb << 20), c.VolumePut)
        except BaseException:
            self.session.journal.remove_spooled(path)
            raise
        exchange.send_json({"status": "success"})

    async def _send(self, exchange: Exchange, command: c.WriteVolume | c.WriteGrid) -> None:
        """Have the scene write a file and send it. The file has no name any more by then, so it goes whatever happens."""
        if exchange.method == "HEAD":
            written = await self.session.ask(command, c.Written)
            exchange.handler.set_header("Content-Length", str(written.size))
            exchange.send(b"", NRRD)
            return
        try:
            async with asyncio.timeout(self.settings.send_timeout_s):
                await self._slots.acquire()
        except TimeoutError:
            raise UnavailableError("too many volumes are being sent; try again later", 5.0) from None
        path = Path(self.session.journal.spool) / f"{secrets.token_hex(8)}.nrrd"
        try:
            with path.open("x+b", buffering=0) as file:
                try:
                    written = await self.session.ask(msgspec.structs.replace(command, path=str(path)), c.Written)
                finally:
                    path.unlink()
                await send_file(exchange.handler, file, written.size, NRRD, self.settings.send_timeout_s)
        finally:
            self._slots.release()
