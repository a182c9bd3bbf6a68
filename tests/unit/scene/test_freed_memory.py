"""Memory that was freed goes back to the system, in pauses only."""

from __future__ import annotations

import ctypes
import os
from collections.abc import Iterator

import pytest

from backend.scene import freed_memory
from backend.scene.freed_memory import EVERY_S, MALLOC_TRIM, QUIET_S, FreedMemory
from tests.support.memory import resident_mb

BLOCK_BYTES, BLOCKS, KEPT = 65536, 1600, 40


@pytest.fixture
def holes() -> Iterator[None]:
    """100 MB of the heap in blocks, all but every fortieth of which are free."""
    libc = ctypes.CDLL(None)
    libc.malloc.restype, libc.malloc.argtypes = ctypes.c_void_p, (ctypes.c_size_t,)
    libc.free.argtypes = (ctypes.c_void_p,)
    blocks = [libc.malloc(BLOCK_BYTES) for _ in range(BLOCKS)]
    for block in blocks:
        ctypes.memset(block, 1, BLOCK_BYTES)
    for number, block in enumerate(blocks):
        if number % KEPT:
            libc.free(block)
    yield
    for block in blocks[::KEPT]:
        libc.free(block)


@pytest.mark.skipif(MALLOC_TRIM is None, reason="this C library can not give memory back")
def test_holes_in_the_heap_go_back_to_the_system(holes: None, monkeypatch: pytest.MonkeyPatch) -> None:
    now = 1000.0
    monkeypatch.setattr(freed_memory.time, "monotonic", lambda: now)
    freed, before = FreedMemory(), resident_mb(os.getpid())
    freed.rest()  # nothing was done yet
    freed.worked()
    freed.rest()  # somebody may go on at once
    assert resident_mb(os.getpid()) > before - 10
    now += QUIET_S
    freed.rest()
    assert resident_mb(os.getpid()) < before - 50


def test_it_is_done_once_in_a_while_and_after_work_only(monkeypatch: pytest.MonkeyPatch) -> None:
    now, given = 1000.0, []
    monkeypatch.setattr(freed_memory.time, "monotonic", lambda: now)
    monkeypatch.setattr(freed_memory, "MALLOC_TRIM", lambda _keep: given.append(now))
    freed = FreedMemory()
    for second in range(100):
        now = 1000.0 + second
        if second < 50:
            freed.worked()
        now += QUIET_S
        freed.rest()
    assert given == [1000.0 + QUIET_S, 1000.0 + QUIET_S + EVERY_S, 1000.0 + QUIET_S + 2 * EVERY_S]
