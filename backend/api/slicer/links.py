"""`/slicer/accessDICOMwebStudy`, `/slicer/open` and `slicer:` links below `/slicer/mrml`."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import Any

from backend.api.slicer.exchange import Endpoint, Exchange
from backend.api.slicer.operations import ANY
from backend.config import Settings
from backend.errors import BadRequestError
from backend.http.origin import is_own_address, require_own_page
from backend.http.routes import Operation, Param
from backend.jobs.jobs import Job
from backend.links.link import Link, make_study, parse_link, scheme_of
from backend.links.opener import Opener
from backend.scene import commands as c
from backend.sessions.opening import fetch, new_job
from backend.sessions.session import Session

STUDY_KEYS = ("dicomWEBPrefix", "dicomWEBStore", "studyUID", "accessToken")
URL = Param("url", "slicer://viewer/?studyUID=…&dicomweb_endpoint=…, slicer://viewer/?image=…, or an http(s) address of a file")
FILE_PARAMS = (
    Param("filetype", "for an http(s) address, for example VolumeFile; judged by the name where absent"),
    Param("name", "for an http(s) address: name of the node"),
)


@dataclass(frozen=True)
class Links:
    """Opens links in one session, with Slicer's answers."""

    session: Session
    settings: Settings
    opener: Opener

    def endpoints(self) -> list[Endpoint]:
        """The two routes, and the older name of the first."""
        study, older = (
            Operation(f"/slicer/{name}", text, ANY, "slicer", accepts="application/json")
            for name, text in (
                ("accessDICOMwebStudy", f"Fetch a study by DICOMweb and load it; JSON body with {', '.join(STUDY_KEYS)}"),
                ("accessStudy", "Older name of accessDICOMwebStudy"),
            )
        )
        opening = Operation(
            "/slicer/open", "Open a slicer: link or a file's address, and answer when it is loaded", ANY, "slicer",
            (URL, *FILE_PARAMS),
        )  # fmt: skip
        return [
            Endpoint("accessDICOMwebStudy", self.access_study, (study,)),
            Endpoint("accessStudy", self.access_study, (older,)),
            Endpoint("open", self.open, (opening,)),
        ]

    async def access_study(self, exchange: Exchange) -> None:
        """Fetch and load a study; answers when that is done, as Slicer does, though it is a job that can be watched."""
        require_own_page(exchange.handler)
        body = exchange.json_body()
        if not isinstance(body, dict):
            raise BadRequestError(f"the body must be a JSON object with {', '.join(STUDY_KEYS)}")
        prefix, store, uid, token = (_text(body, key) for key in STUDY_KEYS)
        endpoint = f"{prefix.rstrip('/')}/{store.strip('/')}"
        job = self._begin(exchange, Link(make_study(uid, endpoint, token)))
        result = await self.opener.jobs.wait(job)
        exchange.send_json({"success": True} | ({"warnings": result["warnings"]} if result["warnings"] else {}))

    async def open(self, exchange: Exchange) -> None:
        """Open a link, or load a file by its address; answers when that is done, with the nodes."""
        require_own_page(exchange.handler)
        url = exchange.query.get("url", "")
        if not url:
            raise BadRequestError("Required `url` query parameter is missing in `open` request")
        if scheme_of(url) == "http":
            exchange.send_json(await self._load_address(exchange, url))
            return
        result = await self.opener.jobs.wait(self._begin(exchange, parse_link(url)))
        answer: dict[str, Any] = {"success": True, "loadedNodeIDs": [node["id"] for node in result["loaded"]]}
        exchange.send_json(answer | ({"warnings": result["warnings"]} if result["warnings"] else {}))

    async def begin(self, exchange: Exchange) -> None:
        """A link given to `/slicer/mrml`: answered at once, as Slicer does; its job goes on."""
        require_own_page(exchange.handler)
        self._begin(exchange, parse_link(exchange.query["url"]))
        exchange.send_json({"status": "success"})

    def _begin(self, exchange: Exchange, link: Link) -> Job:
        return self.opener.open(link, partial(is_own_address, exchange.handler), in_3d=False)

    async def _load_address(self, exchange: Exchange, url: str) -> dict[str, Any]:
        job = new_job()
        path = await fetch(self.session, url, self.settings, job)
        properties = {name: value for name, value in exchange.query.items() if name not in ("url", "filetype")}
        command = c.Load(str(path), exchange.query.get("filetype"), properties, job=job)
        result = await self.session.ask(command, c.LoadResult)
        return {"success": True, "loadedNodeIDs": [node.id for node in result.nodes[:1]]}


def _text(body: dict[str, Any], key: str) -> str:
    if key not in body:
        raise BadRequestError(repr(key))
    if not isinstance(body[key], str):
        raise BadRequestError(f"{key} must be a string")
    return str(body[key]).strip()
