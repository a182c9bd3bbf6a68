"""A network process: `python -m backend.dimse.process FD`, told by the gateway over the socket FD what to do.

DICOM's upper layer is spoken by threads, and taken apart in Python: beside the event loop it would hold up everybody.
"""

from __future__ import annotations

import logging
import socket
import sys
import tempfile
import traceback

import msgspec
import pynetdicom
from pynetdicom import _config

from backend.dimse import client, heads, listener, sockets
from backend.dimse.client import PeerError
from backend.dimse.line import Line
from backend.dimse.messages import PREFIX, Done, Failed, Listen, Order
from backend.errors import BadRequestError, SlicecastError


def read_order(connection: socket.socket) -> Order:
    """The first thing that the gateway says."""
    stream = connection.makefile("rb", buffering=0)
    size = PREFIX.unpack(read_exactly(stream, PREFIX.size))[0]
    return msgspec.msgpack.decode(read_exactly(stream, size), type=Order)


def read_exactly(stream: socket.SocketIO, size: int) -> bytes:
    """So many bytes; ends the process if the gateway has gone."""
    data = b""
    while len(data) < size:
        piece = stream.read(size - len(data))
        if not piece:
            sys.exit(0)
        data += piece
    return data


def configure(order: Order) -> None:
    """What the library is to do for all associations."""
    # Instances go to files as they come, in the folder from where they are taken into the archive by a rename.
    _config.STORE_RECV_CHUNKED_DATASET = True
    _config.STORE_SEND_CHUNKED_DATASET = True
    tempfile.tempdir = order.incoming
    sockets.read_promptly()
    heads.write_quickly()
    _config.UNRESTRICTED_STORAGE_SERVICE = True  # whatever can be stored is taken, in any transfer syntax
    _config.ENFORCE_UID_CONFORMANCE = False  # what others send is judged by the archive, instance by instance
    _config.LOG_HANDLER_LEVEL = "none"  # telling of every PDU takes longer than the PDU
    logging.basicConfig(format="%(message)s")
    logging.getLogger(pynetdicom.__name__).setLevel(logging.ERROR)


def main() -> None:
    """Entry of `python -m backend.dimse.process`."""
    connection = socket.socket(fileno=int(sys.argv[1]))
    order = read_order(connection)
    configure(order)
    line = Line(connection)
    if isinstance(order.task, Listen):
        listener.serve(order, order.task, line)
    try:
        line.tell(Done(client.run(order, line)))
    except (PeerError, SlicecastError) as error:
        line.tell(Failed(str(error), isinstance(error, BadRequestError)))
    except Exception as error:
        traceback.print_exc()
        line.tell(Failed(f"{type(error).__name__}: {error}"))


if __name__ == "__main__":
    main()
