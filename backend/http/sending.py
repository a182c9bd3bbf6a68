"""Files to clients in pieces: at the client's pace, with little memory, and not for ever."""

from __future__ import annotations

import asyncio
from typing import BinaryIO

import structlog
from tornado.iostream import StreamClosedError

from backend.http.base import BaseHandler

log = structlog.get_logger("http")
PIECE_BYTES = 256 << 10


async def send_file(handler: BaseHandler, file: BinaryIO, size: int, content_type: str, patience_s: float) -> None:
    """Answer with the first `size` bytes of `file`; HEAD gets the same headers.

    A client that takes no piece within `patience_s` is cut off, one that has gone is nothing to speak of.
    """
    handler.set_header("Content-Type", content_type)
    handler.set_header("Content-Length", str(size))
    handler.set_header("Cache-Control", "no-cache")
    left = 0 if handler.request.method == "HEAD" else size
    try:
        while left:
            piece = file.read(min(left, PIECE_BYTES))
            if not piece:
                raise EOFError(f"{left} of {size} bytes are missing")
            left -= len(piece)
            handler.write(piece)
            async with asyncio.timeout(patience_s):
                await handler.flush()
            await asyncio.sleep(0)  # a client that is as fast as we are must not keep all others waiting
        await handler.finish()
    except StreamClosedError:
        log.info("the client went away", path=handler.request.path, left=left)
    except TimeoutError:
        log.info("the client takes nothing any more", path=handler.request.path, left=left)
        handler.detach().close()
