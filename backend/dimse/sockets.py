"""How bytes of associations go over the wire: at once, in large pieces, and not for ever."""

from __future__ import annotations

import socket
from collections.abc import Callable
from typing import Any

from pynetdicom import evt
from pynetdicom.transport import AssociationSocket

PIECE_BYTES = 1 << 20
LARGEST_PDU_BYTES = 16 << 20
"""Of any kind, whatever was agreed: a length is believed up to this."""
QUICK_ACK = getattr(socket, "TCP_QUICKACK", None)  # Linux only


def read_promptly() -> None:
    """Have all associations of this process read with `receive`: the library's own way takes 4 kB at a time, and waits 40 ms in
    every message for peers that keep back small packets until what they sent before is acknowledged (measured with storescu:
    31 instances/s before, and some 200 with it)."""
    AssociationSocket.recv = receive  # type: ignore[method-assign]


def receive(self: AssociationSocket, nr_bytes: int) -> bytearray:
    """So many bytes of the peer, fewer if it has gone.

    Raises:
        OSError: nothing came for too long, or more is announced than any PDU holds.
    """
    if nr_bytes > LARGEST_PDU_BYTES:
        raise OSError(f"a PDU of {nr_bytes} bytes")
    connection: Any = self.socket
    data = bytearray()
    while len(data) < nr_bytes:
        if QUICK_ACK is not None:
            connection.setsockopt(socket.IPPROTO_TCP, QUICK_ACK, 1)  # it does not last
        piece = connection.recv(min(nr_bytes - len(data), PIECE_BYTES))
        if not piece:
            break
        data += piece
    return data


def opened(timeout_s: float) -> Callable[[evt.Event], None]:
    """A handler for connections that open: small messages do not wait, and no peer keeps a thread for longer than this."""

    def on_open(event: evt.Event) -> None:
        connection: Any = event.assoc.dul.socket
        connection.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        connection.socket.settimeout(timeout_s)

    return on_open
