"""Users' Python: what comes back, what it may break, and what it may not."""

from __future__ import annotations

import asyncio
import json
import subprocess
import threading
import time
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import Any
from urllib.parse import quote

import numpy as np
import pytest

from tests.support.live import Answer, LiveServer
from tests.support.restart import comes_back
from tests.support.stream_client import StreamClient

VOLUME = str(Path(find_spec("slicerio").origin).parent / "data" / "CTChest4.nrrd")  # type: ignore[union-attr, arg-type]


@pytest.fixture(scope="module")
def server() -> Iterator[LiveServer]:
    live = LiveServer(enable_exec=True, exec_timeout_s=2.0, heartbeat_timeout_s=4.0, exec_waiting=4, exec_output_kb=1,
                      max_restarts=20).wait()  # fmt: skip
    yield live
    live.stop()


def post(server: LiveServer, source: str, path: str = "/slicer/exec") -> Answer:
    return server.request("POST", path, source.encode())


def result(server: LiveServer, source: str) -> Any:
    answer = post(server, source)
    assert answer.status == 200, answer.body.decode()
    assert answer.headers["Content-Type"] == "application/json"
    return answer.json()


def message(server: LiveServer, source: str) -> str:
    answer = post(server, source)
    assert answer.status == 500, answer.body.decode()
    assert answer.headers["Content-Type"] == "application/json"
    assert answer.json()["success"] is False
    return str(answer.json()["message"])


def test_off_by_default_it_is_an_unknown_command(demo: LiveServer) -> None:
    for path in ("/slicer/exec", "/slicer/repl"):
        answer = post(demo, "1", path)
        assert answer.status == 500
        assert "unknown command" in answer.json()["message"]
    assert post(demo, '{"source": "1"}', "/api/exec").status == 403
    assert demo.get("/api/exec").status == 403


# -- what goes in and what comes back --------------------------------------------------------------------------------


def test_any_json_value_comes_back_as_python_writes_it(server: LiveServer) -> None:
    assert post(server, "x = 1").body == b"{}"
    assert post(server, "__execResult = {'a': [1, 2.5, None, True, 'ä']}").body == b'{"a": [1, 2.5, null, true, "\\u00e4"]}'
    for value in ("7", "'text'", "[]", "None", "2**80", "{'1': {}}"):
        assert result(server, f"__execResult = {value}") == eval(value)
    assert result(server, "pass") == {}  # it does not last


@pytest.mark.parametrize("source", ["__execResult = object()", "__execResult = {1, 2}", "__execResult = np.float32(1)"])
def test_what_is_no_json_is_an_error(server: LiveServer, source: str) -> None:
    assert "__execResult is no JSON" in message(server, source)


def test_odd_results_do_no_harm(server: LiveServer) -> None:
    assert "no JSON" in message(server, "a = []; a.append(a); __execResult = a")
    assert "no JSON" in message(server, "a = []\nfor _ in range(100000): a = [a]\n__execResult = a\na = None")
    assert "was deleted" in message(server, "del __execResult")
    assert "exec_result_mb" in message(server, "__execResult = 'x' * (33 << 20)")


def test_the_source_comes_from_the_body_or_the_query(server: LiveServer) -> None:
    source = "__execResult = 'a+b %41'"
    assert post(server, source).json() == "a+b %41"
    # The query is decoded twice: once as any, and once more by Slicer.
    assert server.get("/slicer/exec?source=" + quote(quote(source))).json() == "a+b %41"
    assert server.get("/slicer/exec?source=" + quote("__execResult = '%41'")).json() == "A"
    assert server.request("PUT", "/slicer/exec?source=__execResult=1", b"__execResult = 2").json() == 2


def test_without_source_it_is_a_bare_404(server: LiveServer) -> None:
    for answer in (server.get("/slicer/exec"), post(server, ""), server.get("/slicer/exec?source=")):
        assert (answer.status, answer.body) == (404, b"")


def test_a_source_that_is_no_text_is_an_error(server: LiveServer) -> None:
    answer = server.request("POST", "/slicer/exec", b"x = '\xff\xfe'")
    assert answer.status == 500
    assert "not UTF-8" in answer.json()["message"]
    assert "null byte" in message(server, "x = '\0'")


def test_the_namespace_lasts_and_has_its_names_from_the_start(server: LiveServer) -> None:
    names = "slicer, vtk, qt, numpy, np, json, os, time, urllib, logging"
    assert result(server, f"__execResult = len([{names}])") == 10
    assert result(server, "__execResult = urllib.parse.quote('a b')") == "a%20b"
    result(server, "import math\ndef area(r): return math.pi * r * r")
    assert result(server, "__execResult = round(area(2), 3)") == 12.566
    assert result(server, "__execResult = [area(n) > 3 for n in (0, 1)]") == [False, True]


def test_repl_is_the_same_with_its_own_variable(server: LiveServer) -> None:
    assert server.get("/slicer/repl?source=" + quote("shared = 5; __replResult = {'n': 1}")).json() == {"n": 1}
    assert post(server, "__execResult = shared", "/slicer/exec").json() == 5
    assert post(server, "__execResult = 3", "/slicer/repl").json() == {}
    assert server.get("/slicer/repl").status == 404


# -- errors ----------------------------------------------------------------------------------------------------------


def test_an_exception_comes_with_its_text_and_the_users_lines(server: LiveServer) -> None:
    said = message(server, "def inner():\n    raise ValueError('too bad')\n\ninner()\n")
    assert said.startswith("Server error: ValueError: too bad\nTraceback")
    assert 'File "<exec>", line 4, in <module>\n    inner()' in said
    assert 'File "<exec>", line 2, in inner' in said
    assert "backend" not in said
    assert "SyntaxError" in message(server, "a b")


def test_an_exit_ends_the_script_only(server: LiveServer) -> None:
    scene = server.scene_pid()
    for source in ("import sys; sys.exit()", "exit()", "slicer.util.exit(0)", "slicer.app.quit()", "raise SystemExit"):
        assert result(server, f"__execResult = 4\n{source}\n__execResult = 5") == 4
    assert "SystemExit: 3" in message(server, "slicer.util.exit(3)")
    assert "KeyboardInterrupt" in message(server, "raise KeyboardInterrupt")
    assert server.scene_pid() == scene


def test_a_long_run_is_interrupted_and_scene_and_namespace_are_as_before(server: LiveServer) -> None:
    scene, ids = server.scene_pid(), server.get("/slicer/mrml/ids").json()
    result(server, "kept = 'here'")
    for source in (
        "while True: pass",
        "import time; time.sleep(60)",
        "sum(1 for _ in iter(int, 1))",
        "[0 for _ in iter(int, 1)]",
    ):
        said = message(server, f"kept_too = 1\n{source}")
        assert "interrupted after 2 s" in said
        assert 'File "<exec>", line 2' in said
    assert result(server, "__execResult = [kept, kept_too]") == ["here", 1]
    assert server.scene_pid() == scene
    assert server.get("/slicer/mrml/ids").json() == ids


def test_code_that_catches_the_interruption_is_interrupted_again(server: LiveServer) -> None:
    scene = server.scene_pid()
    source = "n = 0\nwhile n < 2:\n  try:\n    time.sleep(60)\n  except BaseException: n += 1\nwhile True: pass"
    assert "interrupted" in message(server, source)
    assert result(server, "__execResult = n") == 2
    assert server.scene_pid() == scene


def test_loading_that_is_interrupted_leaves_no_half_of_it(server: LiveServer) -> None:
    source = f"loaded = 0\nwhile True:\n    slicer.util.loadVolume({VOLUME!r}, {{'show': False}})\n    loaded += 1"
    assert "interrupted" in message(server, source)
    whole = "[n for n in slicer.util.getNodesByClass('vtkMRMLVolumeNode') if n.GetImageData() and n.GetDisplayNode()]"
    result(server, f"whole = {whole}")
    loaded, volumes, good = result(
        server, "__execResult = [loaded, len(slicer.util.getNodesByClass('vtkMRMLVolumeNode')), len(whole)]"
    )
    assert loaded > 1
    assert volumes == good
    result(server, "whole = []; slicer.mrmlScene.Clear()")
    result(server, f"slicer.util.loadVolume({VOLUME!r})")


# -- beside others ---------------------------------------------------------------------------------------------------


def test_nothing_that_the_gateway_answers_waits_for_it(server: LiveServer) -> None:
    busy = threading.Thread(target=post, args=(server, "while time.time(): pass"))
    busy.start()
    time.sleep(0.3)
    begun, answered = time.monotonic(), 0
    while busy.is_alive() and time.monotonic() - begun < 1.2:
        for path in ("/slicer/timeimage", "/timeimage", "/slicer/system/version", "/healthz"):
            assert server.get(path).status == 200
            answered += 1
    assert answered > 40
    busy.join()


def test_requests_are_served_in_order_and_too_many_are_refused(server: LiveServer) -> None:
    result(server, "order = []")
    answers: dict[int, Answer] = {}

    def ask(number: int) -> None:
        answers[number] = post(server, f"time.sleep(0.5); order.append({number}); __execResult = {number}")

    threads = []
    for number in range(6):
        threads.append(threading.Thread(target=ask, args=(number,)))
        threads[-1].start()
        time.sleep(0.05)
    for thread in threads:
        thread.join()
    assert [answers[number].status for number in range(6)] == [200] * 4 + [500] * 2
    assert "wait already" in answers[5].json()["message"]
    assert result(server, "__execResult = order") == [0, 1, 2, 3]


async def test_what_it_changes_is_seen_by_all_routes_and_told_to_streams(server: LiveServer) -> None:
    before = server.get("/slice?view=red").body
    client = await StreamClient.connect(server.port)
    opened = await client.open("Red")
    made = await asyncio.to_thread(
        result,
        server,
        "node = slicer.util.addVolumeFromArray(np.arange(8000, dtype=np.int16).reshape(20, 20, 20), name='Made')\n"
        "slicer.util.setSliceViewerLayers(background=node, fit=True)\n__execResult = node.GetID()",
    )
    scene = await client.message("scene", lambda m: "Made" in json.dumps(m))
    assert made in json.dumps(scene)
    state = await client.message("state", lambda m: "background" in m["patch"] and m["patch"]["background"]["id"] == made)
    picture = await client.picture(lambda p: p.rev >= state["rev"])
    assert picture.stream == opened["stream"]
    await client.close()
    assert made in server.get("/slicer/mrml/ids").json()
    assert "Made" in [volume["name"] for volume in server.get("/api/scene").json()["volumes"]]
    assert server.get("/slice?view=red").body != before
    result(server, "slicer.mrmlScene.RemoveNode(node)")
    assert made not in server.get("/slicer/mrml/ids").json()


LATER = """
import threading, time
shown = slicer.mrmlScene.GetFirstNodeByClass("vtkMRMLScalarVolumeNode")
slicer.util.setSliceViewerLayers(background=shown, fit=True)
display = shown.GetDisplayNode()
display.SetAutoWindowLevel(False)
display.SetWindowLevel(100.0, 40.0)
def widen():
    time.sleep(1.0)
    display.SetWindow(900.0)
threading.Thread(target=widen).start()
"""


def test_what_its_threads_change_later_is_seen_by_who_asks_for_the_same_picture_on_and_on(server: LiveServer) -> None:
    result(server, LATER)
    first = server.get("/slice?view=red").body
    until = time.monotonic() + 20
    while (now := server.get("/slice?view=red").body) == first:
        assert time.monotonic() < until
    result(server, "display.SetWindow(100.0)")
    assert server.get("/slice?view=red").body == first
    assert now != first


def test_a_layout_set_here_is_the_scenes(server: LiveServer) -> None:
    assert result(server, "slicer.app.layoutManager().setLayout(slicer.vtkMRMLLayoutNode.SlicerLayoutOneUpRedSliceView)") == {}
    assert server.get("/api/scene").json()["layout"] == "OneUpRedSlice"
    assert result(server, "lm = slicer.app.layoutManager(); lm.layout = 3; __execResult = lm.layout") == 3
    assert server.get("/api/scene").json()["layout"] == "FourUp"
    assert "there is no layout 7777" in message(server, "slicer.app.layoutManager().setLayout(7777)")


# -- our own route ---------------------------------------------------------------------------------------------------


def api(server: LiveServer, source: str) -> Any:
    answer = server.request("POST", "/api/exec", json.dumps({"source": source}).encode(), Content_Type="application/json")
    assert answer.status == 200, answer.body
    return answer.json()


def test_our_own_route_gives_output_and_traceback_too(server: LiveServer) -> None:
    done = api(server, "print('hello'); logging.warning('careful'); __execResult = {'a': 2**70}")
    assert (done["result"], done["stdout"], done["stderr"]) == ({"a": 2**70}, "hello\n", "WARNING:root:careful\n")
    assert (done["error"], done["traceback"]) == (None, None)
    done = api(server, "print('before')\n1 / 0")
    assert done["stdout"] == "before\n"
    assert done["error"] == "ZeroDivisionError: division by zero"
    assert 'File "<exec>", line 2' in done["traceback"]
    for body in (b"{}", b"nothing", b"\xff"):
        assert server.request("POST", "/api/exec", body, Content_Type="application/json").status == 400


def test_a_page_can_not_use_our_own_route_without_being_let(server: LiveServer) -> None:
    body = b'{"source": "stolen = 1"}'
    for kind in ("text/plain", "application/x-www-form-urlencoded", "multipart/form-data"):  # those a page may send unasked
        assert server.request("POST", "/api/exec", body, Content_Type=kind).status == 400
    assert "not defined" in message(server, "stolen")


def test_output_is_bounded(server: LiveServer) -> None:
    done = api(server, "for _ in range(1000): print('x' * 1000)")
    assert len(done["stdout"]) < 1100
    assert done["stdout"].endswith(f"{1001 * 1000 - 1024} more characters were left out\n")


def test_runs_are_remembered_with_what_they_said(server: LiveServer) -> None:
    post(server, "print('for the panel'); __execResult = 9")
    post(server, "raise RuntimeError('and this')")
    good, bad = server.get("/api/exec").json()["runs"][-2:]
    assert (good["source"], good["stdout"], good["result"]) == (
        "print('for the panel'); __execResult = 9",
        "for the panel\n",
        "9",
    )
    assert "and this" in bad["error"]
    assert bad["traceback"]
    assert abs(bad["time"] - time.time()) < 60


# -- crashes, last: they restart the scene ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    "deed",
    [
        "import os; os.kill(os.getpid(), 11)",
        "import os; os._exit(0)",
        "import collections; collections.deque(iter(int, 1), maxlen=0)",  # holds the interpreter for ever
    ],
)
def test_a_crash_or_a_native_hang_hurts_the_scene_process_only(server: LiveServer, deed: str) -> None:
    result(server, f"slicer.mrmlScene.Clear(); slicer.util.loadVolume({VOLUME!r})")
    result(server, "n = slicer.mrmlScene.AddNewNodeByClass('vtkMRMLTextNode', 'Volatile')")
    before, old = server.get("/slicer/mrml/ids").json(), server.scene_pid()
    assert "scene" in message(server, deed)
    assert server.get("/readyz").status == 503, "whoever was told that the scene restarts finds it so"
    comes_back(server, old, 90)
    after = server.get("/slicer/mrml/ids").json()
    assert {node for node in before if "TextNode" not in node} == set(after)
    assert "not defined" in message(server, "n")


def test_what_it_loaded_comes_back_after_a_crash(server: LiveServer) -> None:
    result(server, f"slicer.mrmlScene.Clear(); slicer.util.loadVolume({VOLUME!r}, {{'name': 'Mine'}})")
    old = server.scene_pid()
    assert "scene" in message(server, "import os; os._exit(1)")
    comes_back(server, old, 90)
    assert server.get("/slicer/mrml/names?class=vtkMRMLVolumeNode").json() == ["Mine"]  # and not what was cleared


def test_curl_as_people_write_it(server: LiveServer) -> None:
    for switch in ("--data", "--data-binary"):
        command = ["curl", "-s", "-X", "POST", f"{server.url}/slicer/exec", switch, "__execResult = {'a': 1 + 1}"]
        assert json.loads(subprocess.run(command, capture_output=True, check=True).stdout) == {"a": 2}


def test_the_tool_is_moved_while_the_scene_is_busy(server: LiveServer) -> None:
    busy = threading.Thread(target=server.request, args=("POST", "/slicer/exec", b"import time; time.sleep(3)"))
    busy.start()
    time.sleep(0.3)
    assert server.get("/slicer/tracking?p=1,2,3&q=1,0,0,0").body == b"Set matrix"
    assert server.get("/slicer/tracking?p=4,5,6&q=0,0,0,1").body == b"Set matrix"
    assert server.get("/slicer/tracking?p=4,5,6&q=0,0,0,0").json()["success"] is False
    assert busy.is_alive(), "the answers came while the code ran"
    busy.join()
    (tool,) = server.get("/slicer/mrml/properties?name=tracker").json().values()
    np.testing.assert_allclose(
        tool["Matrices"]["MatrixTransformToParent"], [[-1, 0, 0, 4], [0, -1, 0, 5], [0, 0, 1, 6], [0, 0, 0, 1]]
    )
