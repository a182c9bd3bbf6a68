"""`/api/nodes/{id}/file` and `/api/scene/file`: a node or the whole scene as a file for the client, in the format it names."""

from __future__ import annotations

import asyncio
import re
import secrets
import shutil
import zipfile
from pathlib import Path
from urllib.parse import quote, unquote

from backend.errors import BadRequestError, NotFoundError, UnreadableError
from backend.http.base import BaseHandler
from backend.http.routes import Operation, Param, Route
from backend.http.sending import send_file
from backend.scene import commands as c
from backend.sessions.session import Session

FILE_NAME = re.compile(r"[^\s/\\\x00-\x1f\x7f.][^/\\\x00-\x1f\x7f]{0,120}\.[\w.]{1,12}")
NOT_PLAIN = re.compile(r"[^A-Za-z0-9._+-]+")
ZIP = ".zip"
BINARY = "application/octet-stream"


class NodeFileHandler(BaseHandler):
    """A node as a file; without a node, the scene as a bundle. The scene process writes it; it goes when sent."""

    def initialize(self, session: Session) -> None:
        """The session."""
        self.session = session

    async def get(self, number: str = "") -> None:
        """Write it, send it, remove it."""
        name = self.query.get("as", "" if number else "scene.mrb")
        if not FILE_NAME.fullmatch(name):
            raise BadRequestError("as must be a file name; its ending chooses the format, such as scan.nrrd")
        selection = c.SelectNodes(id=unquote(number) or None)
        if number and not await self.session.ask(selection, list[c.Node]):
            raise NotFoundError(f"there is no node {unquote(number)!r}")
        folder = self.session.journal.spool / secrets.token_hex(8)
        folder.mkdir()
        try:
            path = await self._written(selection, folder, name)
            name = name if path.suffix != ZIP else f"{name}{ZIP}"
            self.set_header("Content-Disposition", f"attachment; filename*=UTF-8''{quote(name, safe='')}")
            with path.open("rb") as file:
                await send_file(self, file, path.stat().st_size, BINARY, self.config.send_timeout_s)
        finally:
            await asyncio.to_thread(shutil.rmtree, folder, ignore_errors=True)

    async def _written(self, selection: c.SelectNodes, folder: Path, name: str) -> Path:
        ending = "".join(Path(name).suffixes[-2:])
        path = folder / NOT_PLAIN.sub("_", name)  # formats of several files write their names into each other
        saved = await self.session.ask(c.Save(selection, str(path)), c.Saved)
        if not saved.success:
            raise UnreadableError(f"this can not be saved as {ending}: {saved.message}")
        files = [file for file in folder.rglob("*") if file.is_file()]
        return path if files == [path] else await asyncio.to_thread(zipped, folder, files)


def zipped(folder: Path, files: list[Path]) -> Path:
    """A zip of files of a folder, in that folder; they are not packed again, for most formats are packed."""
    path = folder / f"all{ZIP}"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_STORED) as whole:
        for file in files:
            whole.write(file, file.relative_to(folder))
    return path


def routes(session: Session) -> list[Route]:
    """The routes of this module."""
    one = {"session": session}
    number = Param("id", "id of the node", where="path", example="vtkMRMLScalarVolumeNode1")
    name = Param("as", "name for the file; its ending chooses the format", required=True, example="scan.nrrd")
    bundle = Param("as", "name for the file, .mrb", default="scene.mrb")
    node_file = Operation("/api/nodes/{id}/file", "A node as a file", tag="scene", params=(number, name), answers=(BINARY,),
                          description="Formats of several files come as a zip of them.")  # fmt: skip
    scene_file = Operation("/api/scene/file", "The whole scene as a bundle", tag="scene", params=(bundle,), answers=(BINARY,))
    return [
        Route(r"/api/nodes/([^/]+)/file", NodeFileHandler, (node_file,), one),
        Route(r"/api/scene/file", NodeFileHandler, (scene_file,), one),
    ]
