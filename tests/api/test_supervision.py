"""A scene process that dies or hangs is started again with its content, and the server stays up all the while."""

from __future__ import annotations

import os
import re
import signal
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import suppress
from importlib.util import find_spec
from pathlib import Path

import pytest

from tests.support.live import LiveServer, free_port
from tests.support.restart import comes_back

VOLUME = str(Path(find_spec("slicerio").origin).parent / "data" / "CTChest4.nrrd")  # type: ignore[union-attr, arg-type]
CRASH = "import ctypes; ctypes.string_at(0)"
STUBBORN = "import time\nwhile True:\n  try: time.sleep(60)\n  except BaseException: pass"
LOOP_IN_C = "import collections; collections.deque(iter(int, 1), maxlen=0)"


@pytest.fixture
def server() -> Iterator[LiveServer]:
    live = LiveServer(enable_exec=True, exec_timeout_s=2.0, heartbeat_timeout_s=4.0).wait()
    yield live
    live.stop()


def test_kill_segfault_and_endless_loops_bring_back_the_scene_as_it_was(server: LiveServer) -> None:
    server.get("/slice?view=red&offset=-101.5")
    server.get("/threeD?lookFromAxis=P")
    before = {path: server.get(path).body for path in ("/slice?view=red", "/threeD", "/slicer/mrml/ids")}

    def kill(pid: int) -> None:
        os.kill(pid, signal.SIGKILL)

    def execute(source: str) -> None:
        answer = server.request("POST", "/slicer/exec", source.encode())
        assert answer.status == 500
        assert "scene" in answer.json()["message"]

    for deed in (kill, lambda _pid: execute(CRASH), lambda _pid: execute(STUBBORN), lambda _pid: execute(LOOP_IN_C)):
        time.sleep(0.3)
        old = server.scene_pid()
        deed(old)
        comes_back(server, old)
        after = {path: server.get(path).body for path in before}
        assert after["/slicer/mrml/ids"] == before["/slicer/mrml/ids"]
        assert after["/slice?view=red"] == before["/slice?view=red"]
        assert after["/threeD"] == before["/threeD"]
    assert b"slicecast_scene_restarts_total 4.0" in server.get("/metrics").body


def reads(pid: int, name: str) -> bool:
    """Whether a process has a file of this name open."""
    with suppress(OSError):
        return any(file.readlink().name == name for file in Path(f"/proc/{pid}/fd").iterdir())
    return False


def test_one_that_dies_while_it_is_given_its_content_is_followed_by_one_and_nothing_else_is_lost(
    server: LiveServer,
) -> None:
    for _ in range(4):
        answer = server.request("POST", "/slicer/exec", f"slicer.util.loadVolume({VOLUME!r})".encode())
        assert answer.status == 200, answer.body
    volumes = "/slicer/mrml/ids?class=vtkMRMLScalarVolumeNode"
    before = len(server.get(volumes).json())
    old = server.scene_pid()
    os.kill(old, signal.SIGKILL)
    until, second = time.monotonic() + 60, old
    while second == old or not reads(second, "CTChest4.nrrd"):
        assert time.monotonic() < until
        with suppress(LookupError, OSError):
            second = server.scene_pid()
    os.kill(second, signal.SIGKILL)
    comes_back(server, second)
    assert len(server.get(volumes).json()) == before - 1  # what it died of is given up
    ended = [line for line in server.log_lines() if line.get("event") == "scene process ended"]
    assert len(ended) == 2
    children = Path(f"/proc/{server.process.pid}/task/{server.process.pid}/children").read_text().split()
    assert sum(b"backend.scene.process" in Path(f"/proc/{child}/cmdline").read_bytes() for child in children) == 1


def test_while_it_restarts_the_answer_is_try_again(server: LiveServer) -> None:
    os.kill(server.scene_pid(), signal.SIGKILL)
    time.sleep(0.2)
    answer = server.get("/slice?view=red")
    assert answer.status == 503
    assert int(answer.headers["Retry-After"]) >= 1
    assert server.get("/slicer/slice").json()["success"] is False
    assert server.get("/slicer/system/version").json()["applicationName"] == "Slicer"
    assert server.get("/readyz").status == 503


def test_state_of_exec_lasts_and_errors_say_why(server: LiveServer) -> None:
    assert server.request("POST", "/slicer/exec", b"a = 20").json() == {}
    assert server.request("POST", "/slicer/exec", b"__execResult = {'a': a + 1}").json() == {"a": 21}
    wrong = server.request("POST", "/slicer/exec", b"nothing_of_this_name")
    assert "nothing_of_this_name" in wrong.json()["message"]
    assert server.request("POST", "/slicer/exec", b"__execResult = object()").status == 500


def test_a_stop_ends_both_processes_and_takes_its_time_only_if_needed() -> None:
    live = LiveServer().wait()
    scene = live.scene_pid()
    begun = time.monotonic()
    assert live.stop() == 0
    assert time.monotonic() - begun < 8
    with pytest.raises(ProcessLookupError):
        os.kill(scene, 0)


@pytest.mark.parametrize("stuck", [False, True])
def test_a_server_that_is_killed_leaves_no_scene_process_behind(stuck: bool) -> None:
    live = LiveServer().wait()
    scene = live.scene_pid()
    if stuck:
        os.kill(scene, signal.SIGSTOP)  # as when native code loops: nothing in it can notice anything
    live.process.kill()
    live.process.wait()
    until = time.monotonic() + 5
    while time.monotonic() < until:
        try:
            os.kill(scene, 0)
        except ProcessLookupError:
            break
        time.sleep(0.05)
    else:
        pytest.fail("the scene process outlived its server")
    live.stop()


def test_the_next_port_is_taken_when_one_is_in_use() -> None:
    port = free_port()
    with socket.socket() as occupied:
        occupied.bind(("127.0.0.1", port))
        occupied.listen()
        live = LiveServer(port=port)
        try:
            until = time.monotonic() + 20
            while "http://localhost:" not in live.log.read_text() and time.monotonic() < until:
                time.sleep(0.05)
            shown = re.search(r"http://localhost:(\d+)/", live.log.read_text())
            assert shown is not None
            assert port < int(shown[1]) <= port + 100  # somebody else may hold the very next
        finally:
            live.stop()


def test_both_loopbacks_answer(demo: LiveServer) -> None:
    for family, address in ((socket.AF_INET, "127.0.0.1"), (socket.AF_INET6, "::1")):
        with socket.socket(family) as connection:
            connection.settimeout(5)
            connection.connect((address, demo.port))
            connection.sendall(b"GET /healthz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
            assert connection.recv(100).startswith(b"HTTP/1.1 200")


def test_version_answers_while_the_scene_is_busy(server: LiveServer) -> None:
    busy = threading.Thread(target=server.request, args=("POST", "/slicer/exec", b"import time; time.sleep(1.2)"))
    busy.start()
    time.sleep(0.1)
    begun = time.monotonic()
    assert server.get("/slicer/system/version").status == 200
    assert time.monotonic() - begun < 0.5
    busy.join()
