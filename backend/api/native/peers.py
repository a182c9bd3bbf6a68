"""`/api/peers`: DICOM applications that this server knows: are they there, what have they, get it, send them ours."""

from __future__ import annotations

from typing import Any, Literal, TypeVar

import msgspec

from backend.dimse.messages import Locate, Peer
from backend.dimse.network import Network
from backend.dimse.peers import find_peer
from backend.errors import BadRequestError
from backend.http.base import BaseHandler
from backend.http.origin import require_own_page
from backend.http.routes import Operation, Param, Route
from backend.jobs.jobs import Job, Jobs

T = TypeVar("T")
UNIQUE = {"study": "StudyInstanceUID", "series": "SeriesInstanceUID", "instance": "SOPInstanceUID"}


class QueryRequest(msgspec.Struct, forbid_unknown_fields=True):
    """Body of a query: keys by keyword or tag; those with an empty value are wanted back."""

    level: Literal["study", "series", "instance"]
    keys: dict[str, str] = {}


class RetrieveRequest(msgspec.Struct, forbid_unknown_fields=True):
    """Body of a retrieval: the deepest UID that is given says what is fetched."""

    study: str
    series: str = ""
    instance: str = ""
    by: Literal["get", "move"] = "get"


class SendRequest(msgspec.Struct, forbid_unknown_fields=True):
    """Body of a sending: studies, narrowed down to series and instances where some are given."""

    studies: list[str]
    series: list[str] = []
    instances: list[str] = []


class PeersHandler(BaseHandler):
    """`/api/peers`."""

    def initialize(self, network: Network) -> None:
        """The network."""
        self.network = network

    def get(self) -> None:
        """Ourselves and all peers."""
        self.send_json({"own": self.network.own, "peers": [msgspec.to_builtins(peer) for peer in self.network.peers.values()]})


class PeerHandler(BaseHandler):
    """`/api/peers/{name}/{action}`."""

    def initialize(self, network: Network, jobs: Jobs) -> None:
        """The network and who does long work."""
        self.network, self.jobs = network, jobs

    async def post(self, name: str, action: str) -> None:
        """Do something with a peer."""
        require_own_page(self)
        peer = find_peer(self.network.peers, name)
        if action == "echo":
            self.send_json(await self.network.echo(peer))
        elif action == "query":
            wanted = self._body(QueryRequest)
            keys = {**dict.fromkeys((UNIQUE[wanted.level],), ""), **wanted.keys}
            self.send_json(await self.network.query(peer, wanted.level, keys))
        else:
            job = self._retrieve(peer) if action == "retrieve" else self._send(peer)
            self.send_job(job.id)

    def _retrieve(self, peer: Peer) -> Job:
        wanted = self._body(RetrieveRequest)
        given = {"study": wanted.study, "series": wanted.series, "instance": wanted.instance}
        level = max((level for level, uid in given.items() if uid), key=list(UNIQUE).index, default="")
        if not wanted.study or (wanted.instance and not wanted.series):
            raise BadRequestError("a retrieval needs the UIDs of all levels down to what is fetched")
        keys = {UNIQUE[name]: uid for name, uid in given.items() if uid}

        async def work(job: Job) -> Any:
            return await self.network.fetch(
                peer, level, keys, wanted.by == "move", lambda told: job.tell(told.text, told.fraction, **told.counts)
            )

        return self.jobs.submit("dicom-retrieve", f"{level} {given[level]} from {peer.name}", work)

    def _send(self, peer: Peer) -> Job:
        wanted = self._body(SendRequest)
        if not wanted.studies:
            raise BadRequestError("there is no study to send")
        what = Locate(None, wanted.studies, wanted.series, wanted.instances)

        async def work(job: Job) -> Any:
            return await self.network.send(peer, what, lambda told: job.tell(told.text, told.fraction, **told.counts))

        studies = "1 study" if len(wanted.studies) == 1 else f"{len(wanted.studies)} studies"
        return self.jobs.submit("dicom-send", f"{studies} to {peer.name}", work)

    def _body(self, kind: type[T]) -> T:
        try:
            return msgspec.json.decode(self.gathered, type=kind)
        except (msgspec.DecodeError, UnicodeError) as error:
            raise BadRequestError(f"the body does not fit: {error}") from error


def routes(network: Network, jobs: Jobs) -> list[Route]:
    """The routes of peers."""
    one, name = {"network": network, "jobs": jobs}, (Param("name", "name of the peer", where="path"),)

    def operation(action: str, summary: str) -> Operation:
        return Operation(f"/api/peers/{{name}}/{action}", summary, ("POST",), "dicom", name, accepts="application/json")

    return [
        Route(r"/api/peers", PeersHandler, (Operation("/api/peers", "DICOM applications that this server knows", tag="dicom"),),
              {"network": network}),
        Route(r"/api/peers/([\w.-]+)/(echo|query|retrieve|send)", PeerHandler,
              (operation("echo", "Is a DICOM application there (C-ECHO)"),
               operation("query", "What has it (C-FIND): {level: study, series or instance, keys: {keyword: value}}"),
               operation("retrieve", "Fetch from it into the archive (C-GET, or C-MOVE to us): {study, series, instance, by}"),
               operation("send", "Send it studies of the archive (C-STORE): {studies, series, instances}")), one),
    ]  # fmt: skip
