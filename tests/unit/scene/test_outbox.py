"""Answers to quick pictures go together while others wait, but never wait for anything that may take long."""

from __future__ import annotations

import contextlib
import select
import socket
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from backend.scene import commands as c
from backend.scene import wire
from backend.scene.making_times import Quick
from backend.scene.outbox import Outbox
from backend.scene.process import Inbox, Server

WAIT_S = 10.0
INFO = c.PictureInfo("", "png", 1, 1)


class OverError(Exception):
    """The test is."""


class QuickHost:
    """Pictures but those of the view "slow" take no time; anything else takes until `goes_on` is set."""

    is_ahead_waiting = False

    def __init__(self) -> None:
        self.pool = ThreadPoolExecutor(1)
        self.began, self.goes_on = threading.Event(), threading.Event()
        self.is_over = False

    def perform(self, command: c.Command, _arrived: float) -> object:
        if isinstance(command, c.SlicePicture):
            return self.slow if command.view == "slow" else Quick(lambda: (INFO, command.view.encode()))
        self.began.set()
        assert self.goes_on.wait(WAIT_S)
        return None

    def slow(self) -> tuple[c.PictureInfo, bytes]:
        assert self.goes_on.wait(WAIT_S)
        return INFO, b"slow"

    def announce(self) -> bool:
        if self.is_over:
            raise OverError
        return True


class Line:
    """A server of `QuickHost` without its thread, and the gateway's end of its line."""

    def __init__(self, ours: socket.socket, theirs: socket.socket) -> None:
        self.host, self.inbox, self.outbox = QuickHost(), Inbox(), Outbox(ours)
        self.server = Server(self.host, self.inbox, self.outbox)
        self.theirs = theirs
        theirs.settimeout(WAIT_S)

    def picture(self, number: int) -> wire.Request:
        return wire.Request(number, c.SlicePicture(f"view {number}", c.Picture(1, 1)))

    def answers(self, count: int) -> list[tuple[int, bytes]]:
        found = []
        for _ in range(count):
            head, body = wire.unpack_prefix(self.theirs.recv(wire.PREFIX.size, socket.MSG_WAITALL))
            reply = wire.decode_message(self.theirs.recv(head, socket.MSG_WAITALL))
            assert isinstance(reply, wire.Reply)
            found.append((reply.id, self.theirs.recv(body, socket.MSG_WAITALL) if body else b""))
        return found

    def is_silent(self) -> bool:
        return not select.select([self.theirs], [], [], 0)[0]

    def run(self) -> None:
        """Until the host is over."""
        with contextlib.suppress(OverError):
            self.server.run()


@pytest.fixture
def line(monkeypatch: pytest.MonkeyPatch) -> Iterator[Line]:
    monkeypatch.setattr("backend.scene.process.HAS_CORES_TO_SPARE", False)
    ours, theirs = socket.socketpair()
    with ours, theirs:
        yield Line(ours, theirs)


def test_an_answer_waits_for_one_more_picture_and_no_longer(line: Line) -> None:
    line.inbox.put(line.picture(9))
    line.server._perform(line.picture(1), 0.0)
    assert line.is_silent()
    line.server._perform(line.picture(2), 0.0)
    assert line.answers(2) == [(1, b"view 1"), (2, b"view 2")]
    line.server._perform(line.picture(3), 0.0)
    assert line.is_silent()


def test_the_last_one_does_not_wait(line: Line) -> None:
    line.server._perform(line.picture(1), 0.0)
    assert line.answers(1) == [(1, b"view 1")]


def test_nor_one_after_which_the_next_is_likely_to_take_long(line: Line, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("backend.scene.process.QUICK_S", 0.0)
    line.inbox.put(line.picture(9))
    line.server._perform(line.picture(1), 0.0)
    assert line.answers(1) == [(1, b"view 1")]


@pytest.mark.parametrize("command", [c.Describe(), c.SetView("red", c.ViewPatch(offset=1.0), by="somebody", n=1)])
def test_what_takes_long_begins_after_the_answers_before_it(line: Line, command: c.Command) -> None:
    line.inbox.put(line.picture(1))
    line.inbox.put(wire.Request(2, command))
    thread = threading.Thread(target=line.run)
    thread.start()
    assert line.host.began.wait(WAIT_S)
    expected = [(1, b"view 1")] if isinstance(command, c.Describe) else []  # a change of state overtakes pictures
    assert line.answers(len(expected)) == expected
    line.host.goes_on.set()
    assert sorted(line.answers(2 - len(expected)) + expected) == [(1, b"view 1"), (2, b"")]
    line.host.is_over = True
    thread.join(WAIT_S)


def test_none_waits_for_a_picture_that_is_made_in_the_pool(line: Line, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("backend.scene.process.IDLE_S", 2 * WAIT_S)  # nor for the next look
    line.inbox.put(line.picture(1))
    line.inbox.put(wire.Request(2, c.SlicePicture("slow", c.Picture(1, 1))))
    thread = threading.Thread(target=line.run)
    thread.start()
    assert line.answers(1) == [(1, b"view 1")]
    line.host.is_over = True
    line.host.goes_on.set()
    assert line.answers(1) == [(2, b"slow")]
    line.inbox.put(line.picture(3))
    thread.join(WAIT_S)


def test_events_follow_what_waits(line: Line) -> None:
    line.outbox.send(wire.Reply(1, None), b"first", may_wait=True)
    assert line.is_silent()
    line.outbox.event(c.Beat(0.0, ""))
    assert line.answers(1) == [(1, b"first")]
    head, _body = wire.unpack_prefix(line.theirs.recv(wire.PREFIX.size, socket.MSG_WAITALL))
    assert isinstance(wire.decode_message(line.theirs.recv(head, socket.MSG_WAITALL)), wire.Event)
