"""A small cache of encoded pictures, addressed by everything that decides their pixels, and the ETag made of that key."""

from __future__ import annotations

import hashlib
import threading
from collections import OrderedDict
from collections.abc import Hashable

import msgspec

_packed = msgspec.msgpack.Encoder(enc_hook=repr).encode


class PictureCache:
    """Least recently used pictures up to a number of bytes. Safe to use from several threads."""

    def __init__(self, limit_bytes: int) -> None:
        self._limit, self._size = limit_bytes, 0
        self._kept: OrderedDict[Hashable, bytes] = OrderedDict()
        self._lock = threading.Lock()

    def get(self, key: Hashable) -> bytes | None:
        """The encoded picture, None if it is not kept."""
        with self._lock:
            found = self._kept.get(key)
            if found is not None:
                self._kept.move_to_end(key)
            return found

    def put(self, key: Hashable, data: bytes) -> None:
        """Keep a picture; the oldest ones go when there is no more room."""
        if len(data) > self._limit // 4:
            return
        with self._lock:
            self._size += len(data) - len(self._kept.get(key, b""))
            self._kept[key] = data
            self._kept.move_to_end(key)
            while self._size > self._limit:
                _oldest, dropped = self._kept.popitem(last=False)
                self._size -= len(dropped)


def etag_of(key: Hashable) -> str:
    """A strong ETag for a key made of plain values."""
    return '"' + hashlib.blake2b(_packed(key), digest_size=12).hexdigest() + '"'
