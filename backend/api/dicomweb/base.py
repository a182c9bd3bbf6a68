"""What the handlers of DICOMweb share: the archive, checked paths, absolute URLs, negotiation, the shape of errors."""

from __future__ import annotations

import functools
import re
from collections.abc import Sequence
from typing import Any
from urllib.parse import urlsplit

import msgspec

from backend.api.dicomweb.media import Form, Wanted, acceptable, choose
from backend.archive.archive import Archive
from backend.dicom.identify import is_uid
from backend.errors import BadRequestError, SlicecastError
from backend.http.base import BaseHandler

PREFIX = "/dicom"
FORWARDED = re.compile(r'(?:^|;)\s*(proto|host)\s*=\s*"?([\w.:\[\]-]{1,255})"?', re.IGNORECASE | re.ASCII)
HOST = re.compile(r"[\w.-]{1,255}(:\d{1,5})?\Z|\[[0-9A-Fa-f:.]{2,45}\](:\d{1,5})?\Z", re.ASCII)
URL_PREFIX = re.compile(r"(/[\w.~-]+)*\Z", re.ASCII)
PORTS = {"http": 80, "https": 443}
LONGEST_MESSAGE = 500


class StatusError(SlicecastError):
    """An error of HTTP that the core does not know, with its status."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status


def not_acceptable(offered: Sequence[Form]) -> StatusError:
    """406: nothing that the client accepts can be given."""
    kinds = dict.fromkeys(f'multipart/related; type="{one.media}"' if one.multipart else one.media for one in offered)
    return StatusError(406, "nothing that the request accepts can be given; it can be had as " + ", ".join(kinds))


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
            StatusError: none of these is accepted.
            BadRequestError: the Accept header mixes DICOM and rendered types.
        """
        form = choose(self.wanted, forms)
        if form is None:
            raise not_acceptable(forms)
        return form

    @functools.cached_property
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

    def write_error(self, status_code: int, **kwargs: Any) -> None:
        """As the others', and statuses that the core does not know."""
        error = kwargs.get("exc_info", (None, None, None))[1]
        if not isinstance(error, StatusError):
            super().write_error(status_code, **kwargs)
            return
        self.level, self.fault_text = "warning", str(error)
        status, body = self.error_body(error.status, str(error))
        self.set_status(status)
        self.set_header("Content-Type", "application/json")
        self.finish(body)


def _first(header: str) -> str:
    return header.split(",", maxsplit=1)[0].strip()
