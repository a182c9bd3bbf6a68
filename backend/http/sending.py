"""Files to clients in pieces: at the client's pace, with little memory, and not for ever."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterable, AsyncIterator
from typing import IO

import structlog
from tornado.iostream import StreamClosedError

from backend.http.base import BaseHandler

log = structlog.get_logger("http")
PIECE_BYTES = 256 << 10


async def send_pieces(
    handler: BaseHandler,
    pieces: AsyncIterable[bytes],
    content_type: str,
    size: int | None,
    patience_s: float,
    cache: str = "no-cache",
) -> None:
    """Answer with pieces as they come, each once the client has taken the one before; HEAD gets the same headers.

    A client that takes no piece within `patience_s` is cut off, one that has gone is nothing to speak of; either way no
    further piece is asked for. A fault before the first piece is answered as one; later it ends the connection, so that nobody
    takes the answer for whole.

    Args:
        size: bytes of all pieces, None where nobody knows.
    """
    handler.set_header("Content-Type", content_type)
    if size is not None:
        handler.set_header("Content-Length", str(size))
    handler.set_header("Cache-Control", cache)
    begun = False
    try:
        if handler.request.method != "HEAD":
            async for piece in pieces:
                handler.write(piece)
                begun = True
                async with asyncio.timeout(patience_s):
                    await handler.flush()
                await asyncio.sleep(0)  # a client that is as fast as we are must not keep all others waiting
        await handler.finish()
    except StreamClosedError:
        log.info("the client went away", path=handler.request.path)
    except TimeoutError:
        log.info("the client takes nothing any more", path=handler.request.path)
        handler.detach().close()
    except Exception:
        if not begun:
            raise
        log.exception("an answer was cut short", path=handler.request.path)
        handler.detach().close()
    finally:
        if isinstance(pieces, AsyncGenerator):
            await pieces.aclose()


async def send_file(
    handler: BaseHandler, file: IO[bytes], size: int, content_type: str, patience_s: float, cache: str = "no-cache"
) -> None:
    """Answer with the first `size` bytes of `file`, as `send_pieces` does."""

    async def pieces() -> AsyncIterator[bytes]:
        left = size
        while left:
            piece = file.read(min(left, PIECE_BYTES))
            if not piece:
                raise EOFError(f"{left} of {size} bytes are missing")
            left -= len(piece)
            yield piece

    await send_pieces(handler, pieces(), content_type, size, patience_s, cache)
