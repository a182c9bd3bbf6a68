"""Our own API: the scene's description, uploads, loading, the OpenAPI document."""

from __future__ import annotations

import re
import secrets
import shutil
from pathlib import Path
from typing import Any, get_args
from urllib.parse import unquote

import msgspec

from backend.api.native.layout import layout_routes
from backend.api.native.viewing import viewing_routes
from backend.errors import BadRequestError, NotFoundError, SlicecastError, TooLargeError
from backend.http.base import BaseHandler
from backend.http.routes import Operation, Param, Route
from backend.scene import commands as c
from backend.scene.file_types import file_type_of
from backend.security.paths import require_allowed
from backend.sessions.description import describe
from backend.sessions.opening import fetch, is_url, new_job
from backend.sessions.session import Session, Status

UPLOAD_ID = re.compile(r"[0-9a-f]{16}\Z")
MAX_UPLOAD_FILES = 20_000
MAX_NAME = 200


class LoadRequest(msgspec.Struct):
    """Body of `POST /api/load`: exactly one of upload, path and url."""

    upload: str | None = None
    path: str | None = None
    url: str | None = None
    type: str | None = None
    name: str | None = None


class SceneHandler(BaseHandler):
    """`/api/scene`."""

    def initialize(self, session: Session) -> None:
        """The session."""
        self.session = session

    def get(self) -> None:
        """Views, volumes, layout and status."""
        self.send_json(describe(self.session))


class UploadsHandler(BaseHandler):
    """`POST /api/uploads`: a new, empty upload."""

    def initialize(self, session: Session) -> None:
        """The session."""
        self.session = session

    def post(self) -> None:
        """Make a folder for files to come."""
        number = secrets.token_hex(8)
        (self.session.journal.spool / number).mkdir(parents=True)
        self.send_json({"id": number}, 201)


class UploadFileHandler(BaseHandler):
    """`PUT /api/uploads/{id}/{name}`: one file, streamed to disk; there only once it is whole."""

    def initialize(self, session: Session) -> None:
        """The session."""
        self.session = session
        self._partial: Path | None = None

    @property
    def largest_body_bytes(self) -> int:
        """Files may be large."""
        return self.config.max_body_mb << 20

    def prepare(self) -> None:
        """Open the target before the body comes."""
        super().prepare()
        if self.request.method != "PUT" or self.refused is not None:
            return
        try:
            self._open()
        except SlicecastError as error:
            self.refuse(error)

    def _open(self) -> None:
        folder = upload_folder(self.session, self.path_args[0])
        name = Path(unquote(self.path_args[1])).name
        if not name or name.startswith(".") or len(name.encode()) > MAX_NAME or "\0" in name:
            raise BadRequestError(f"no good file name: {name!r}")
        if sum(1 for _ in folder.iterdir()) >= MAX_UPLOAD_FILES:
            raise TooLargeError(f"an upload holds at most {MAX_UPLOAD_FILES} files")
        self._target = folder / name
        self._partial = folder / f".{secrets.token_hex(4)}.part"
        self._file = self._partial.open("wb")

    def take(self, chunk: bytes) -> None:
        """Write a piece of the body."""
        if self._partial is not None:
            self._file.write(chunk)

    def put(self, _number: str, _name: str) -> None:
        """The body is whole."""
        self._file.close()
        assert self._partial is not None
        size = self._partial.stat().st_size
        self._partial.replace(self._target)
        self._partial = None
        self.send_json({"name": self._target.name, "bytes": size}, 201)

    def discard(self) -> None:
        """Whatever happened, no partial file stays."""
        if self._partial is not None:
            self._file.close()
            self._partial.unlink(missing_ok=True)
            self._partial = None


class LoadHandler(BaseHandler):
    """`POST /api/load`: an upload, a path or a URL into the scene, shown in slices and in 3D."""

    def initialize(self, session: Session) -> None:
        """The session."""
        self.session = session

    async def post(self) -> None:
        """Load, and answer when it is there."""
        wanted = self.read_json(LoadRequest)
        if sum(given is not None for given in (wanted.upload, wanted.path, wanted.url)) != 1:
            raise BadRequestError("give exactly one of upload, path and url")
        job = new_job()
        loaded: list[c.Node] = []
        warnings: list[str] = []
        for path in await self._paths(wanted, job):
            properties = {"name": wanted.name} if wanted.name else {}
            command = c.Load(str(path), wanted.type, properties, show_in_3d=True, job=job)
            result = await self.session.ask(command, c.LoadResult)
            loaded += result.nodes
            warnings += result.warnings
        nodes = [{"id": node.id, "name": node.name, "class": node.class_name} for node in loaded]
        self.send_json({"loaded": nodes, "warnings": warnings})

    async def _paths(self, wanted: LoadRequest, job: str) -> list[Path]:
        if wanted.path is not None:
            return [require_allowed(wanted.path, self.config.allow_path)]
        if wanted.url is not None:
            if not is_url(wanted.url):
                raise BadRequestError("url must be http or https")
            return [await fetch(self.session, wanted.url, self.config, job)]
        folder = upload_folder(self.session, wanted.upload or "")
        files = sorted(path for path in folder.iterdir() if not path.name.startswith("."))
        if not files:
            raise BadRequestError("this upload has no files")
        if any(is_dicom_name(path) for path in files):
            return [folder]
        # Files of no type belong to those beside them: an `.mhd` has its `.raw`, an `.obj` its `.mtl`, a scene all the others.
        known = [path for path in files if file_type_of(path)]
        return [path for path in known if file_type_of(path) == "SceneFile"] or known or files


class UploadHandler(BaseHandler):
    """`DELETE /api/uploads/{id}`: give up an upload that was not loaded."""

    def initialize(self, session: Session) -> None:
        """The session."""
        self.session = session

    def delete(self, number: str) -> None:
        """Remove its files, unless the scene was loaded from them."""
        folder = upload_folder(self.session, number)
        for entry in self.session.journal.entries:
            if isinstance(entry, c.Load) and Path(entry.path).is_relative_to(folder):
                raise BadRequestError("the scene was loaded from this upload")
        shutil.rmtree(folder)
        self.send_json({"id": number})


class LoadFaultHandler(BaseHandler):
    """`DELETE /api/load/faults/{id}`: a failed load has been read and is told no more."""

    def initialize(self, session: Session) -> None:
        """The session."""
        self.session = session

    def delete(self, number: str) -> None:
        """Forget it."""
        self.session.dismiss_load_fault(number)
        self.send_json({"id": number})


class OpenApiHandler(BaseHandler):
    """`/api/openapi.json`."""

    def initialize(self, document: dict[str, Any]) -> None:
        """The document."""
        self.document = document

    def get(self) -> None:
        """Send it."""
        self.send_json(self.document)


def routes(session: Session) -> list[Route]:
    """The routes of this API."""
    one = {"session": session}
    upload, name = Param("id", "upload", where="path"), Param("name", "file name", where="path")
    text = {"type": "string"}
    begun, kept = answered(id=text), answered(name=text, bytes={"type": "integer"})
    node = answered(**{"id": text, "name": text, "class": text})
    loaded = answered(loaded={"type": "array", "items": node}, warnings={"type": "array", "items": text})
    wanted = {"type": "object", "properties": dict.fromkeys(LoadRequest.__struct_fields__, text)}
    load_text = "Exactly one of `upload`, `path` (in a folder that requests may use) and `url`; `type` is one of Slicer's."
    binary = {"type": "string", "format": "binary"}
    example = {"url": "https://example.org/scan.nrrd", "name": "Scan"}
    volume = {"type": "object", "required": ["id", "name"], "properties": {
        "id": text, "name": text, "labels": {"const": True, "description": "it is a label map"}}}  # fmt: skip
    held = answered(
        status={"enum": list(get_args(Status))}, views={"type": "array", "items": text}, layout=text,
        volumes={"type": "array", "items": volume}, gl={"type": ["string", "null"]}, composition={"type": "object"},
        contents={"enum": ["viewers", "full"]},
        load_faults={"type": "array", "items": answered(id=text, what=text, why=text), "description": "what failed to load"},
    )  # fmt: skip
    scene = Operation("/api/scene", "What the scene holds", tag="scene", answer=held)
    begin = Operation("/api/uploads", "Begin an upload", ("POST",), "scene", answer=begun, status=201)
    give_up = Operation("/api/uploads/{id}", "Give up an upload", ("DELETE",), "scene", (upload,), answer=begun)
    put = Operation("/api/uploads/{id}/{name}", "Upload a file", ("PUT",), "scene", (upload, name), answer=kept, status=201,
                    accepts="application/octet-stream", body=binary)  # fmt: skip
    load = Operation("/api/load", "Load an upload, a path or a URL", ("POST",), "scene", answer=loaded, description=load_text,
                     accepts="application/json", body=wanted, body_example=example)  # fmt: skip
    fault = Param("id", "`id` of one of the scene's `load_faults`", where="path")
    dismiss = Operation("/api/load/faults/{id}", "Forget that something failed to load", ("DELETE",), "scene", (fault,),
                        answer=begun)  # fmt: skip
    return [
        *layout_routes(session),
        *viewing_routes(session),
        Route(r"/api/scene", SceneHandler, (scene,), one),
        Route(r"/api/uploads", UploadsHandler, (begin,), one),
        Route(r"/api/uploads/(\w+)", UploadHandler, (give_up,), one),
        Route(r"/api/uploads/(\w+)/([^/]+)", UploadFileHandler, (put,), one),
        Route(r"/api/load", LoadHandler, (load,), one),
        Route(r"/api/load/faults/(\w+)", LoadFaultHandler, (dismiss,), one),
    ]


def answered(**properties: dict[str, Any]) -> dict[str, Any]:
    """JSON schema of an object that has all of these."""
    return {"type": "object", "required": list(properties), "properties": properties}


def upload_folder(session: Session, number: str) -> Path:
    """Folder of an upload.

    Raises:
        NotFoundError: there is none of this id.
    """
    folder = session.journal.spool / number
    if not UPLOAD_ID.match(number) or not folder.is_dir():
        raise NotFoundError(f"there is no upload {number!r}")
    return folder


def is_dicom_name(path: Path) -> bool:
    """Whether an uploaded file is DICOM: by its `DICM` mark, or its name where it has no preamble."""
    with path.open("rb") as file:
        head = file.read(132)
    return head[128:] == b"DICM" or path.suffix.lower() == ".dcm"
