"""The listening side: who may call, and what is answered (C-ECHO, C-STORE, C-FIND, C-MOVE, C-GET as SCP)."""

from __future__ import annotations

import contextlib
import socket
import ssl
import sys
from pathlib import Path
from typing import Any, NoReturn

import pynetdicom
from pynetdicom import AE, evt
from pynetdicom.sop_class import (  # type: ignore[attr-defined]
    PatientRootQueryRetrieveInformationModelFind,
    PatientRootQueryRetrieveInformationModelGet,
    PatientRootQueryRetrieveInformationModelMove,
    StudyRootQueryRetrieveInformationModelFind,
    StudyRootQueryRetrieveInformationModelGet,
    StudyRootQueryRetrieveInformationModelMove,
    Verification,
)
from pynetdicom.transport import ThreadedAssociationServer

from backend.dimse import sockets
from backend.dimse.line import Line
from backend.dimse.messages import Certificates, Limits, Listen, Order, Take, Taken
from backend.dimse.searching import Searching
from backend.errors import SlicecastError

SERVICES = (
    Verification, PatientRootQueryRetrieveInformationModelFind, StudyRootQueryRetrieveInformationModelFind,
    PatientRootQueryRetrieveInformationModelMove, StudyRootQueryRetrieveInformationModelMove,
    PatientRootQueryRetrieveInformationModelGet, StudyRootQueryRetrieveInformationModelGet,
)  # fmt: skip
PROCESSING_FAILURE = 0x0110
REJECT_CALLING = (0x01, 0x01, 0x03)
"""Rejected permanently, by the user, calling AE title not recognised (PS3.8 9.3.4)."""
Handlers = list[Any]
"""Pairs of an event of the library and a function."""


def make_entity(aet: str, limits: Limits) -> AE:
    """An application entity with its bounds."""
    entity = AE(aet)
    entity.maximum_associations = limits.associations
    entity.maximum_pdu_size = limits.pdu_bytes
    entity.acse_timeout = entity.dimse_timeout = entity.network_timeout = entity.connection_timeout = limits.timeout_s
    return entity


def server_tls(files: Certificates) -> ssl.SSLContext:
    """TLS for the listener; with `trusted`, peers have to show a certificate that it vouches for."""
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH, cafile=files.trusted)
    context.load_cert_chain(files.certificate, files.key)
    context.verify_mode = ssl.CERT_REQUIRED if files.trusted else ssl.CERT_NONE
    return context


class Server(ThreadedAssociationServer):
    """The library's server on a socket that the gateway opened, so that nobody is turned away while a process starts anew."""

    def __init__(self, entity: AE, listening: socket.socket, tls: ssl.SSLContext | None, handlers: Handlers) -> None:
        self._listening, self._tls = listening, tls
        super().__init__(entity, listening.getsockname(), entity.ae_title, entity.supported_contexts, None, handlers)
        entity._servers.append(self)

    def server_bind(self) -> None:
        """Called by the base class."""
        made: Any = self.socket
        made.close()
        self._listening.setblocking(True)
        self.socket = self._listening

    def server_activate(self) -> None:
        """Called by the base class; it listens already."""

    def verify_request(self, _request: Any, _address: Any) -> bool:
        """Connections that do not even ask for an association are bounded too."""
        return len(self.active_associations) < 2 * self.ae.maximum_associations

    def finish_request(self, request: Any, client_address: Any) -> None:
        """Shake hands for TLS here, on the connection's own thread: who does it slowly keeps nobody else waiting."""
        if self._tls is not None:
            request.settimeout(self.ae.network_timeout)
            request = self._tls.wrap_socket(request, server_side=True)
            request.settimeout(None)
        super().finish_request(request, client_address)

    def handle_error(self, _request: Any, client_address: Any) -> None:
        """One line for what went wrong with a connection."""
        sys.stderr.write(f"connection from {client_address[0]}: {sys.exc_info()[1]}\n")


class Guard:
    """Who may call."""

    def __init__(self, task: Listen, aet: str) -> None:
        self._allow, self._called = task.allow, aet if task.check_called else ""

    def is_welcome(self, calling: str, address: str) -> bool:
        """Whether an application of this AE title may call from this address."""
        return not self._allow or any(entry in (calling, f"{calling}@{address}", f"@{address}") for entry in self._allow)

    def on_request(self, event: evt.Event) -> None:
        """An association is asked for."""
        association = event.assoc
        asked: Any = association.requestor.primitive
        calling, address = asked.calling_ae_title.strip(), association.requestor.address
        if not self.is_welcome(calling, address):
            sys.stderr.write(f"rejected {calling} at {address}\n")
            association.acse.send_reject(*REJECT_CALLING)
            association.kill()


class Storing:
    """C-STORE: a file arrives, and is the archive's before its arrival is acknowledged."""

    def __init__(self, line: Line) -> None:
        self._line = line

    def on_store(self, event: evt.Event) -> int:
        """A whole instance has arrived. Returns its status (PS3.4 B.2.3)."""
        requestor = event.assoc.requestor
        take = Take(str(event.dataset_path), f"{requestor.ae_title.strip()}@{requestor.address}")
        try:
            taken = self._line.ask(take, Taken)
        except SlicecastError as error:
            sys.stderr.write(f"an instance was not stored: {error}\n")
            return PROCESSING_FAILURE
        return taken.status

    @staticmethod
    def on_close(event: evt.Event) -> None:
        """A connection ended: what had arrived by half is of no use."""
        path = getattr(event.assoc.dimse.message, "_data_set_path", None)
        if isinstance(path, Path):
            with contextlib.suppress(OSError):
                path.unlink()


def serve(order: Order, task: Listen, line: Line) -> NoReturn:
    """Accept associations for ever."""
    entity = make_entity(order.aet, order.limits)
    entity.require_called_aet = task.check_called
    for service in SERVICES:
        entity.add_supported_context(service, pynetdicom.DEFAULT_TRANSFER_SYNTAXES)
    searching, storing = Searching(order.aet, task.peers, line), Storing(line)
    handlers: Handlers = [
        (evt.EVT_CONN_OPEN, sockets.opened(order.limits.timeout_s)),
        (evt.EVT_CONN_CLOSE, storing.on_close),
        (evt.EVT_REQUESTED, Guard(task, order.aet).on_request),
        (evt.EVT_C_ECHO, lambda _event: 0x0000),
        (evt.EVT_C_STORE, storing.on_store),
        (evt.EVT_C_FIND, searching.on_find),
        (evt.EVT_C_MOVE, searching.on_move),
        (evt.EVT_C_GET, searching.on_get),
    ]
    tls = server_tls(task.tls) if task.tls else None
    Server(entity, socket.socket(fileno=task.socket), tls, handlers).serve_forever()
    sys.exit(1)  # it only ends if something is wrong
