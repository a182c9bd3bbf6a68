"""What gateway and network processes say to each other: plain data.

A network process speaks DICOM with others, in threads, and holds no data: what arrives it puts into the archive's folder for
arrivals, what it answers with it asks the gateway for.
"""

from __future__ import annotations

import struct
from typing import Any

import msgspec

PREFIX = struct.Struct("<I")
MAX_MESSAGE_BYTES = 64 << 20


class Peer(msgspec.Struct, frozen=True):
    """Another application: the name that we call it by, its AE title and address."""

    name: str
    aet: str
    host: str
    port: int


class Limits(msgspec.Struct):
    """Bounds of every association."""

    associations: int
    """At a time, of the listener."""
    pdu_bytes: int
    """Largest PDU that we take; 0 for any."""
    timeout_s: float
    """Silence after which a peer is given up, at any stage."""


class Certificates(msgspec.Struct):
    """PEM files for TLS: our certificate and key, and whose certificates we trust (peers then have to show one)."""

    certificate: str
    key: str
    trusted: str | None = None


# -- tasks: what a network process is started for --------------------------------------------------------------------------


class Listen(msgspec.Struct, tag=True):
    """Accept associations on a socket that listens already, for ever."""

    socket: int
    allow: list[str]
    """`AET`, `AET@ADDRESS` or `@ADDRESS` of who may call; anybody if empty."""
    check_called: bool
    peers: list[Peer]
    tls: Certificates | None = None


class Echo(msgspec.Struct, tag=True):
    """Ask a peer whether it is there (C-ECHO)."""

    peer: Peer


class Query(msgspec.Struct, tag=True):
    """Ask a peer what it has (C-FIND). Keys are keywords or tags with values; empty values are wanted back."""

    peer: Peer
    level: str
    keys: dict[str, str]
    limit: int


class Fetch(msgspec.Struct, tag=True):
    """Get studies, series or instances from a peer, by C-GET, or by C-MOVE to our own listener."""

    peer: Peer
    level: str
    keys: dict[str, str]
    by_move: bool


class File(msgspec.Struct):
    """A stored instance: path of its Part 10 file, and what is negotiated before it is opened."""

    path: str
    sop_class: str
    sop_instance: str
    transfer_syntax: str


class Send(msgspec.Struct, tag=True):
    """Send instances to a peer (C-STORE)."""

    peer: Peer
    files: list[File]


Task = Listen | Echo | Query | Fetch | Send


class Order(msgspec.Struct):
    """All that a network process is told at its start."""

    task: Task
    aet: str
    """Our own AE title."""
    incoming: str
    """Folder for what arrives."""
    limits: Limits


# -- requests of a network process -----------------------------------------------------------------------------------------


class Take(msgspec.Struct, tag=True):
    """An instance has arrived as this file, which is the archive's from now on. Answered with `Taken`."""

    path: str
    sender: str


class Taken(msgspec.Struct):
    """What became of it, as a status of C-STORE (PS3.4 B.2.3)."""

    status: int
    message: str = ""


class Search(msgspec.Struct, tag=True):
    """Find (as C-FIND asks) and answer `list[str]`: one DICOM JSON object each, as text, from number `offset` on."""

    level: str
    keys: list[tuple[str, str]]
    fields: list[str]
    offset: int
    limit: int


class Locate(msgspec.Struct, tag=True):
    """Which files these are, answered as `list[File]`. Lists of series and instances that are not empty narrow it down."""

    patient_id: str | None
    studies: list[str]
    series: list[str]
    instances: list[str]


class Progress(msgspec.Struct, tag=True):
    """How far a task is. Not answered."""

    text: str
    fraction: float | None
    counts: dict[str, int]


class Done(msgspec.Struct, tag=True):
    """The task is over, with this result. Not answered."""

    result: Any


class Failed(msgspec.Struct, tag=True):
    """The task is over and failed. Not answered."""

    message: str
    is_bad_request: bool = False
    """Whether what was wanted makes no sense, rather than that it could not be had."""


Message = Take | Search | Locate | Progress | Done | Failed


class Frame(msgspec.Struct):
    """A message with its number, which its answer bears; 0 wants none."""

    id: int
    message: Message


class Answer(msgspec.Struct):
    """The answer to a message, or why there is none."""

    id: int
    value: Any = None
    error: str | None = None
    is_bad_request: bool = False


encode = msgspec.msgpack.Encoder().encode
decode_frame = msgspec.msgpack.Decoder(Frame).decode
decode_answer = msgspec.msgpack.Decoder(Answer).decode


def pack(head: Frame | Answer) -> bytes:
    """The bytes of one message on the line between the two processes."""
    data = encode(head)
    return PREFIX.pack(len(data)) + data
