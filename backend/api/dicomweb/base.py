"""What the handlers of DICOMweb share: the archive, checked paths, absolute URLs, negotiation, the shape of errors."""

from __future__ import annotations

import re
from collections.abc import Sequence
from http.client import responses
from urllib.parse import urlsplit

import msgspec
import tornado.web

from backend.api.dicomweb.media import Form, Wanted, acceptable, choose
from backend.archive.archive import Archive
from backend.dicom.identify import is_uid
from backend.errors import BadRequestError
from backend.http.base import BaseHandler

PREFIX = "/dicom"
FORWARDED = re.compile(r'(?:^|;)\s*(proto|host)\s*=\s*"?([\w.:\[\]-]{1,255})"?', re.IGNORECASE | re.ASCII)
HOST = re.compile(r"[\w.-]{1,255}(:\d{1,5})?\Z|\[[0-9A-Fa-f:.]{2,45}\](:\d{1,5})?\Z", re.ASCII)
URL_PREFIX = re.compile(r"(/[\w.~-]+)*\Z", re.ASCII)
PORTS = {"http": 80, "https": 443}
LONGEST_MESSAGE = 500


class NotAcceptable(tornado.web.HTTPError):
    """406: nothing that the client accepts can be given."""

    def __init__(self, offered: Sequence[Form]) -> None:
        kinds = dict.fromkeys(f'multipart/related; type="{one.media}"' if one.multipart else one.media for one in offered)
        super().__init__(406, reason="Not Acceptable")
        self.message = "nothing that the request accepts can be given; it can be had as " + ", ".join(kinds)


class DicomWebHandler(BaseHandler):
    """Base of the handlers below `/dicom`."""

    def initialize(self, archive: Archive) -> None:
        """The archive that is served."""
        self.archive = archive

    def check_uids(self, *uids: str) -> None:
        """Refuse UIDs of a path that are none.

        Raises:
            BadRequestError: one has other characters than digits and dots, an empty component, or more than 64 characters.
        """
        for uid in uids:
            if not is_uid(uid):
                raise BadRequestError(f"{uid[:80]!r} is no UID")

    @property
    def wanted(self) -> tuple[Wanted, ...]:
        """What the client accepts, best first."""
        return acceptable(self.request.query, self.request.headers.get("Accept", ""))

    def choose(self, forms: Sequence[Form]) -> Form:
        """The form of the answer.

        Raises:
            NotAcceptable: none of these is accepted.
            BadRequestError: the Accept header mixes DICOM and rendered types.
        """
        form = choose(self.wanted, forms)
        if form is None:
            raise NotAcceptable(forms)
        return form

    @property
    def base_url(self) -> str:
        """`http://host:port/dicom` as the client reaches us: as configured, as a proxy says, or as the request came."""
        if self.config.public_url:
            return self.config.public_url.rstrip("/") + PREFIX
        headers = self.request.headers
        said = {key.lower(): value for key, value in FORWARDED.findall(headers.get("Forwarded", "").split(",")[0])}
        proto = said.get("proto") or _first(headers.get("X-Forwarded-Proto", "")) or self.request.protocol
        forwarded = said.get("host") or _first(headers.get("X-Forwarded-Host", ""))
        prefix = _first(headers.get("X-Forwarded-Prefix", "")).rstrip("/")
        host = forwarded or self.request.host
        if proto.lower() not in PORTS or not HOST.match(host) or not URL_PREFIX.match(prefix):
            raise BadRequestError("the headers say no proper address of this server")
        if not forwarded and urlsplit("//" + host).port is None:
            host = self._with_port(host, proto)
        return f"{proto.lower()}://{host}{prefix}{PREFIX}"

    def _with_port(self, host: str, proto: str) -> str:
        """A Host without a port, as some clients send it, with the one that the request came to."""
        socket = getattr(getattr(self.request.connection, "stream", None), "socket", None)
        port = socket.getsockname()[1] if socket is not None else PORTS[proto.lower()]
        return host if port == PORTS[proto.lower()] else f"{host}:{port}"

    def study_url(self, study: str) -> str:
        """URL of a study."""
        return f"{self.base_url}/studies/{study}"

    def instance_url(self, study: str, series: str, instance: str) -> str:
        """URL of an instance."""
        return f"{self.base_url}/studies/{study}/series/{series}/instances/{instance}"

    def warn(self, text: str) -> None:
        """Say something about the answer, in a Warning header of code 299."""
        self.add_header("Warning", f"299 {self.base_url}: {text}")

    def error_body(self, status: int, message: str) -> tuple[int, bytes]:
        """A status report (PS3.18, 8.5.1), as JSON."""
        return status, msgspec.json.encode({"status": status, "message": message[:LONGEST_MESSAGE]})

    def write_error(self, status_code: int, **kwargs: object) -> None:
        """As the others', with the reason of what is not acceptable."""
        error = getattr(kwargs.get("exc_info"), "__getitem__", lambda _index: None)(1)
        if isinstance(error, NotAcceptable):
            self.level, self.fault_text = "warning", error.message
            self.set_status(406)
            self.set_header("Content-Type", "application/json")
            self.finish(self.error_body(406, error.message)[1])
            return
        super().write_error(status_code, **kwargs)

    def data_received(self, chunk: bytes) -> None:
        """As the others'."""
        super().data_received(chunk)


def _first(header: str) -> str:
    return header.split(",", maxsplit=1)[0].strip()


def reason_phrase(status: int) -> str:
    """Text of a status."""
    return responses.get(status, "")
