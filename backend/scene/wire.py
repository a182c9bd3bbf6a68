"""Framing between gateway and scene process: `<u32 head length><u32 body length>` head (MessagePack) body (raw bytes)."""

from __future__ import annotations

import struct
from typing import Any

import msgspec

from backend.scene.commands import AnyCommand, AnyEvent

PREFIX = struct.Struct("<II")
MAX_HEAD_BYTES = 64 << 20
MAX_BODY_BYTES = 1 << 30


class Request(msgspec.Struct):
    """A command with its number; number 0 wants no reply."""

    id: int
    command: AnyCommand


class _Numbered(msgspec.Struct):
    """What of a request can be read whatever its command is."""

    id: int = 0


class Reply(msgspec.Struct, tag=True):
    """The answer to a request: a value (a struct of `commands`, msgpack-ready) or an error by class name and message."""

    id: int
    value: Any = None
    error: str | None = None
    message: str = ""


class Event(msgspec.Struct, tag=True):
    """Something the scene process says unasked."""

    event: AnyEvent


class FrameError(ValueError):
    """The peer's bytes do not add up; the connection is of no more use."""


_encoder = msgspec.msgpack.Encoder()
decode_request = msgspec.msgpack.Decoder(Request).decode
_decode_number = msgspec.msgpack.Decoder(_Numbered).decode
decode_message = msgspec.msgpack.Decoder(Reply | Event).decode


def pack(head: Request | Reply | Event, body: bytes | memoryview = b"") -> list[bytes | memoryview]:
    """The buffers to send, in order, for one message."""
    encoded = _encoder.encode(head)
    return [PREFIX.pack(len(encoded), len(body)) + encoded, body]


def number_of(data: bytes) -> int:
    """Number of a request that could not be read; 0 where not even that can be told."""
    try:
        return _decode_number(data).id
    except Exception:  # whatever it is, it is no request
        return 0


def unpack_prefix(prefix: bytes | memoryview) -> tuple[int, int]:
    """Head and body lengths, checked before anything is allocated from them."""
    head, body = PREFIX.unpack(prefix)
    if head > MAX_HEAD_BYTES or body > MAX_BODY_BYTES:
        raise FrameError(f"message of {head} + {body} bytes is over the limit")
    return head, body
