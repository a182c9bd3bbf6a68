"""The pieces of exec: what is printed, whose lines a traceback shows, code that is stopped."""

from __future__ import annotations

import io
import logging
import sys
import time

import pytest
import vtk

from backend.render.observing import observe
from backend.scene.output import Captured, Output
from backend.scene.sources import KEPT, Sources
from backend.scene.time_limit import TimeLimit, run_limited


def test_output_is_kept_up_to_its_limit_and_says_what_is_lost() -> None:
    output = Output(10)
    with output.captured():
        sys.stdout.write("abcdefgh\n")
        sys.stdout.write("ijkl\n")
        sys.stderr.write("error\n")
    assert output.texts == ("abcdefgh\ni\n… 4 more characters were left out\n", "error\n")
    with output.captured():
        sys.stdout.write("new\n")
    assert output.texts == ("new\n", "")


def test_a_log_handler_made_in_one_run_writes_into_the_next() -> None:
    outside = io.StringIO()
    stream = Captured(100, outside)
    handler = logging.StreamHandler(stream)
    log = logging.Logger("test")
    log.addHandler(handler)
    for text in ("first", "second"):
        stream.begin()
        log.warning(text)
        assert stream.end() == f"{text}\n"
    log.warning("between")
    assert outside.getvalue() == "between\n"


def run(sources: Sources, text: str, namespace: dict[str, object]) -> tuple[str, str]:
    try:
        exec(sources.compile(text), namespace)
    except BaseException as error:
        return sources.text_of(error), sources.traceback_of(error)
    return "", ""


def test_tracebacks_show_the_lines_of_the_source_they_came_from() -> None:
    sources, namespace = Sources(), dict[str, object]()
    assert run(sources, "def half(x):\n    return 1 / x  # here\n", namespace) == ("", "")
    text, trace = run(sources, "\n\nhalf(0)", namespace)
    assert text == "ZeroDivisionError: division by zero"
    assert 'File "<exec>", line 3, in <module>\n    half(0)' in trace
    assert 'File "<exec 1>", line 2, in half\n    return 1 / x  # here' in trace
    assert "test_console" not in trace


def test_a_syntax_error_has_its_place() -> None:
    text, trace = run(Sources(), "a = 1\nb = = 2", {})
    assert 'File "<exec>", line 2' in text
    assert "SyntaxError" in text
    assert trace == ""


def test_endless_recursion_has_a_short_traceback() -> None:
    _text, trace = run(Sources(), "def f(): f()\nf()", {})
    assert "more times" in trace
    assert len(trace) < 3000


def test_old_sources_are_forgotten() -> None:
    import linecache

    sources = Sources()
    for _ in range(KEPT + 5):
        sources.compile("1")
    assert "<exec 5>" not in linecache.cache
    assert "<exec 6>" in linecache.cache


@pytest.mark.parametrize("kind", ["loop", "sleep", "stubborn"])
def test_code_is_interrupted_wherever_it_is(kind: str) -> None:
    caught = []

    def loop() -> None:
        while True:
            pass

    def sleep() -> None:
        time.sleep(60)

    def stubborn() -> None:
        try:
            loop()
        except BaseException as error:
            caught.append(error)
        loop()

    begun = time.monotonic()
    with pytest.raises(TimeLimit):
        run_limited({"loop": loop, "sleep": sleep, "stubborn": stubborn}[kind], 0.2)
    assert len(caught) == (kind == "stubborn")
    assert time.monotonic() - begun < 10


def test_our_observers_come_to_their_end_and_then_what_called_them_is_interrupted() -> None:
    begun, ended = [], []

    def on_event(_subject: vtk.vtkObject, _event: str) -> None:
        begun.append(1)
        until = time.monotonic() + 0.05
        while time.monotonic() < until:
            pass
        ended.append(1)

    inner, outer = vtk.vtkObject(), vtk.vtkObject()
    observe(inner, "UserEvent", on_event)
    observe(outer, "UserEvent", lambda subject, _event: inner.InvokeEvent("UserEvent"))

    def loop() -> None:
        while True:
            outer.InvokeEvent("UserEvent")

    at = time.monotonic()
    with pytest.raises(TimeLimit):
        run_limited(loop, 0.2)
    assert time.monotonic() - at < 1.0, "it was not lost in an observer"
    assert len(begun) == len(ended) > 1
    assert sys.gettrace() is None


def test_nothing_is_interrupted_afterwards() -> None:
    for _ in range(50):
        run_limited(lambda: None, 0.01)
    time.sleep(0.1)
    with pytest.raises(TimeLimit):
        run_limited(lambda: time.sleep(9), 0.01)
    time.sleep(0.1)
