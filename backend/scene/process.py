"""The scene process: `python -m backend.scene.process FD`, talking over the Unix socket it inherits as FD.

Three kinds of thread: one *scene thread* (the main thread) that owns MRML, VTK and OpenGL; one *input thread* that reads
commands and says every second that it lives; a small pool that makes and encodes pictures from what the scene thread took in,
but for those that take so little time that it makes them itself.
The gateway judges from the heartbeats whether the scene thread hangs, and kills the process if so.
"""

from __future__ import annotations

import argparse
import gc
import importlib
import os
import socket
import sys
import threading
import time
import traceback
from collections import deque
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from queue import Empty, SimpleQueue
from typing import Any

import msgspec

from backend.children import die_with
from backend.errors import SlicecastError
from backend.render.glprobe import probe
from backend.scene import wire
from backend.scene.commands import (
    Beat,
    ChangeMarkup,
    Command,
    OwnCamera,
    Pointer,
    SetView,
    SlicePicture,
    Started,
    Stroke,
    Track,
)
from backend.scene.deferred import Deferred
from backend.scene.freed_memory import FreedMemory
from backend.scene.making_times import QUICK_S, Quick
from backend.scene.outbox import Outbox

BEAT_S = 0.5
IDLE_S = 0.25
# A thread that comes out of a kernel waits at most this long for the interpreter lock; the default of 5 ms is a whole picture.
SWITCH_S = 0.0005
ANNOUNCE_S = 0.01
QUIET_S = 0.003  # nothing is made ahead for somebody who asks again within this time
HAS_CORES_TO_SPARE = len(os.sched_getaffinity(0)) > 2  # the gateway keeps one busy, the scene thread another
Call = Callable[[], Any]
DEPENDENT = frozenset(
    ("orientation", "fit", "look_from", "reset", "auto_window")
)  # what these values do depends on what was before
DEAF = 70
"""Exit code of a process that can not read what the gateway says."""
DEFAULT_HOST = "backend.scene.host:SceneHost"


class Inbox:
    """Commands that wait for the scene thread. Changes of state overtake pictures: a picture shows the newest state.

    Everything arrives through one queue that is written in C and takes no lock of ours; only the scene thread sorts it.
    """

    def __init__(self) -> None:
        self._arrived: SimpleQueue[tuple[float, wire.Request, Call | None]] = SimpleQueue()
        self._changes: deque[wire.Request] = deque()
        self._others: deque[tuple[float, wire.Request, Call | None]] = deque()
        self.busy_since = 0.0
        self.busy_with = ""

    def put(self, request: wire.Request, call: Call | None = None) -> None:
        """Add a command as it arrives, or `call`, the second part of a deferred one. Any thread."""
        self._arrived.put((time.perf_counter(), request, call))

    def take(self, timeout_s: float) -> tuple[list[wire.Request], tuple[float, wire.Request, Call | None] | None]:
        """All waiting changes of state, and the oldest other command with its time of arrival; waits for either."""
        try:
            if not self._others:
                self._sort(self._arrived.get(timeout=timeout_s))
            while True:
                self._sort(self._arrived.get_nowait())
        except Empty:
            pass
        changes, self._changes = newest_values(self._changes), deque()
        other = self._others.popleft() if self._others else None
        if changes or other:
            self.busy_since = time.monotonic()
            self.busy_with = type((other[1] if other else changes[0]).command).__name__
        return changes, other

    @property
    def is_empty(self) -> bool:
        """Whether nothing waits."""
        return self._arrived.empty() and not self._changes and not self._others

    def _sort(self, item: tuple[float, wire.Request, Call | None]) -> None:
        request = item[1]
        is_told = request.id == 0 and isinstance(request.command, ChangeMarkup)  # a drag, which nobody waits for
        if is_told or isinstance(request.command, SetView | Pointer | Track | OwnCamera | Stroke):
            if isinstance(request.command, Track) and request.command.is_whole:  # nobody will see where the tool was before
                self._changes = deque(one for one in self._changes if one.id or not isinstance(one.command, Track))
            self._changes.append(request)
        else:
            self._others.append(item)

    def done(self) -> None:
        """The scene thread has finished what it took."""
        self.busy_since = 0.0


def newest_values(changes: Iterable[wire.Request]) -> list[wire.Request]:
    """Waiting changes of state without those that the next change of the same camera by the same client makes void: it sets
    the same values anew. Values are absolute, so nothing is lost; a busy scene keeps its time for pictures."""
    kept: list[wire.Request] = []
    following: dict[tuple[str, str], Command] = {}  # of each view and camera: the change after the one looked at
    moved: dict[str, ChangeMarkup] = {}  # of each markup: the change after the one looked at
    for request in reversed(list(changes)):
        command = request.command
        if isinstance(command, SetView | Pointer):
            place = (command.view, command.camera)
            after = following.get(place)
            following[place] = command
            if isinstance(command, SetView) and isinstance(after, SetView) and makes_void(after, command):
                continue
        elif isinstance(command, ChangeMarkup):
            later, moved[command.id] = moved.get(command.id), command
            if later is not None and later.makes_void(command):
                continue
        kept.append(request)
    return kept[::-1]


def makes_void(after: SetView, before: SetView) -> bool:
    """Whether a change that follows sets all that the one before does, as values that do not depend on what was before."""
    values = values_of(before.patch)
    return before.by == after.by and values == values_of(after.patch) and DEPENDENT.isdisjoint(values)


def values_of(patch: msgspec.Struct) -> list[str]:
    """Names of the values that a patch sets, those of a camera as `camera.name`."""
    names = []
    for name in patch.__struct_fields__:
        value = getattr(patch, name)
        if isinstance(value, msgspec.Struct):
            names += [f"{name}.{part}" for part in values_of(value)]
        elif value is not None and (value is not False or name not in DEPENDENT):  # those are False where absent
            names.append(name)
    return names


def read_commands(connection: socket.socket, inbox: Inbox, host: Any, outbox: Outbox) -> None:
    """Input thread: read until the gateway closes, then end the process. One that can not go on ends it too: the gateway then
    starts another, while a process that hears nothing would be taken for a busy one."""
    try:
        _read_on(connection, inbox, host, outbox)
    except BaseException as error:
        sys.stderr.write("".join(traceback.format_exception(error)))
        sys.stderr.flush()
        os._exit(DEAF)


def _read_on(connection: socket.socket, inbox: Inbox, host: Any, outbox: Outbox) -> None:
    stream = connection.makefile("rb", buffering=1 << 16)
    while True:
        prefix = stream.read(wire.PREFIX.size)
        if len(prefix) < wire.PREFIX.size:
            os._exit(0)
        head, body = wire.unpack_prefix(prefix)
        data = stream.read(head)
        if body:
            stream.read(body)
        try:
            request = wire.decode_request(data)
            host.notice(request.command)
        except Exception as error:  # of one command: the next one is none the worse
            message = f"the scene can not take this command: {type(error).__name__}: {error}"
            sys.stderr.write(f"{message}\n")
            if number := wire.number_of(data):
                outbox.send(wire.Reply(number, None, "SlicecastError", message))
            continue
        inbox.put(request)


def beat(outbox: Outbox, inbox: Inbox) -> None:
    """Heartbeat thread: tell how long the scene thread has been at one command."""
    while True:
        since = inbox.busy_since
        outbox.event(Beat(time.monotonic() - since if since else 0.0, inbox.busy_with if since else ""))
        time.sleep(BEAT_S)


class Server:
    """Runs commands of the inbox on a host and sends what comes of them."""

    def __init__(self, host: Any, inbox: Inbox, outbox: Outbox) -> None:
        self._host, self._inbox, self._outbox = host, inbox, outbox
        self._making: set[int] = set()  # pictures in the pool
        self._freed = FreedMemory()

    def run(self) -> None:
        """Scene thread: for ever."""
        told = True
        while True:
            ahead = self._host.is_ahead_waiting
            changes, other = self._inbox.take(timeout_s=QUIET_S if ahead else IDLE_S if told else ANNOUNCE_S)
            if changes or other is None or not isinstance(other[1].command, SlicePicture):
                self._outbox.flush()
            is_one_waiting = self._outbox.is_waiting
            if ahead and not changes and other is None:
                self._make_ahead()
            for request in changes:
                self._perform(request, time.perf_counter())
            if other is not None:
                arrived, request, call = other
                if call is None:
                    self._perform(request, arrived)
                else:
                    self._second_part(request, call)
            if is_one_waiting:
                self._outbox.flush()  # unless it went with this picture: that is made in the pool, and may take long
            told = self._host.announce()
            self._inbox.done()
            if changes or other is not None or self._making:
                self._freed.worked()
            else:
                self._freed.rest()

    def _make_ahead(self) -> None:
        """Make what is likely to be asked for next, until somebody asks for anything; never while a picture is made."""
        while self._host.is_ahead_waiting and self._inbox.is_empty and not self._making:
            try:
                self._host.make_ahead()
            except Exception as error:  # whoever asks for this picture will be told
                sys.stderr.write("".join(traceback.format_exception(error)))

    def _perform(self, request: wire.Request, arrived: float) -> None:
        begun = time.perf_counter()
        try:
            result = self._host.perform(request.command, arrived)
        except Exception as error:
            self._fail(request, error)
            return
        if isinstance(result, Deferred):  # long work that must not hold up the views
            threading.Thread(target=self._work, args=(request, result), daemon=True, name="work").start()
        elif isinstance(result, Quick) and (self._inbox.is_empty or not HAS_CORES_TO_SPARE):
            self._finish(request, result, lambda: self._may_wait(request.command, begun))
        elif callable(result):  # a picture: made in the pool, the scene thread goes on
            self._making.add(request.id)
            self._host.pool.submit(self._finish, request, result)
        else:
            self._reply(request, result, b"")

    def _work(self, request: wire.Request, deferred: Deferred) -> None:
        try:
            done = deferred.work()
        except Exception as error:
            self._fail(request, error)
        else:
            self._inbox.put(request, lambda: deferred.finish(done))

    def _second_part(self, request: wire.Request, call: Call) -> None:
        try:
            result = call()
        except Exception as error:
            self._fail(request, error)
        else:
            self._reply(request, result, b"")

    def _may_wait(self, command: Command, begun: float) -> bool:
        """Whether the answer to a command that is done may go together with the next one: a picture that takes as little.

        To wake up the gateway for each one costs both processes a tenth of what pictures cost.
        """
        is_next = isinstance(command, SlicePicture) and not self._inbox.is_empty
        return is_next and not self._outbox.is_waiting and time.perf_counter() - begun < QUICK_S

    def _finish(self, request: wire.Request, make: Any, may_wait: Callable[[], bool] = lambda: False) -> None:
        try:
            value, body = make()
        except Exception as error:
            self._fail(request, error)
        else:
            self._reply(request, value, body, may_wait())
        finally:
            self._making.discard(request.id)

    def _reply(self, request: wire.Request, value: Any, body: bytes, may_wait: bool = False) -> None:
        if request.id:
            self._outbox.send(wire.Reply(request.id, value), body, may_wait)

    def _fail(self, request: wire.Request, error: Exception) -> None:
        if not isinstance(error, SlicecastError):
            sys.stderr.write("".join(traceback.format_exception(error)))
        if request.id:
            name = type(error).__name__ if isinstance(error, SlicecastError) else "SlicecastError"
            self._outbox.send(wire.Reply(request.id, None, name, _message(request.command, error)))


def _message(command: Command, error: Exception) -> str:
    if isinstance(error, SlicecastError):
        return str(error)
    return f"{type(command).__name__} failed: {type(error).__name__}: {error}"


def main() -> None:
    """Entry of `python -m backend.scene.process`."""
    parser = argparse.ArgumentParser()
    parser.add_argument("fd", type=int)
    parser.add_argument("--gateway", type=int, required=True, help="process number of the gateway")
    parser.add_argument("--host", default=DEFAULT_HOST, help="module:class of the scene host")
    parser.add_argument("--options", default="{}", help="JSON options of the host")
    parser.add_argument("--gl", default="auto", choices=("auto", "egl", "osmesa", "none"))
    arguments = parser.parse_args()
    die_with(arguments.gateway)
    connection = socket.socket(fileno=arguments.fd)
    connection.setblocking(True)
    sys.setswitchinterval(SWITCH_S)
    module, _, name = arguments.host.partition(":")
    outbox, inbox = Outbox(connection), Inbox()
    driver = ThreadPoolExecutor(1).submit(probe, arguments.gl)  # a child process, while this one imports VTK
    host = getattr(importlib.import_module(module), name).from_json(arguments.options, outbox.event, driver.result)
    threading.Thread(target=read_commands, args=(connection, inbox, host, outbox), daemon=True, name="input").start()
    threading.Thread(target=beat, args=(outbox, inbox), daemon=True, name="beat").start()
    host.start()
    gc.freeze()  # modules and views stay anyhow; going through them again would cost a stream several pictures
    outbox.event(Started(os.getpid(), host.info))
    Server(host, inbox, outbox).run()


if __name__ == "__main__":
    main()
