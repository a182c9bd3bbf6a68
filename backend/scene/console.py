"""Users' Python in the scene process: one persistent namespace, off unless switched on."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Mapping
from typing import Any

from backend.errors import ForbiddenError
from backend.render.observing import observe
from backend.scene import commands as c
from backend.scene.context import Context, Performer
from backend.scene.output import Output
from backend.scene.sources import Sources
from backend.scene.time_limit import TimeLimit, run_limited


class Console:
    """Runs source as Slicer's `/slicer/exec` does: the result variable starts as {} and is what comes back."""

    def __init__(self, context: Context) -> None:
        self._context, self._options = context, context.options
        self._namespace: dict[str, Any] | None = None
        self._output, self._sources = Output(context.options.exec_output_kb << 10), Sources()
        self._journal: list[c.Load | c.LoadSample | c.Clear] = []
        self._is_running = False
        self.performers: Mapping[type[c.Command], Performer] = {
            c.Execute: lambda command, _arrived: self.run(command.source, command.result_name),
            c.FilesReady: lambda _command, _arrived: None,  # taken as it arrived; code here waits for it
        }

    def run(self, source: str, result_name: str = "__execResult") -> c.Executed:
        """Execute, and tell what came of it. An exception of the source is a result like any other.

        Raises:
            ForbiddenError: exec is off.
        """
        if not self._options.enable_exec:
            raise ForbiddenError("exec is off; start the server with --enable-exec")
        if self._namespace is None:
            self._namespace = self._make_namespace()
        namespace, done = self._namespace, c.Executed()
        self._journal, self._is_running = [], True
        began = time.perf_counter()
        with self._output.captured():
            try:
                done.result = self._limited(lambda: self._execute(source, namespace, result_name))
            except TimeLimit as error:
                done.error = f"interrupted after {self._options.exec_timeout_s:g} s, the limit of exec_timeout_s"
                done.traceback = self._sources.traceback_of(error)
            except BaseException as error:
                done.error, done.traceback = self._sources.text_of(error), self._sources.traceback_of(error)
            finally:
                self._is_running = False
        done.seconds = time.perf_counter() - began
        done.stdout, done.stderr = self._output.texts
        done.journal = self._journal
        self._context.announce_lists()
        return done

    def _limited(self, work: Callable[[], str]) -> str:
        results: list[str] = []
        run_limited(lambda: results.append(work()), self._options.exec_timeout_s)
        return results[0]

    def _execute(self, source: str, namespace: dict[str, Any], result_name: str) -> str:
        namespace[result_name] = {}
        try:
            exec(self._sources.compile(source), namespace)  # this is what the switch allows
        except SystemExit as end:
            if end.code not in (None, 0):
                raise
        if result_name not in namespace:
            raise NameError(f"{result_name} was deleted")
        try:
            result = json.dumps(namespace[result_name])
        except (TypeError, ValueError, RecursionError) as error:
            raise TypeError(f"{result_name} is no JSON: {error}") from None
        if len(result) > self._options.exec_result_mb << 20:
            raise ValueError(f"{result_name} is larger than {self._options.exec_result_mb} MB, the limit of exec_result_mb")
        return result

    # -- what the source works with ------------------------------------------------------------------------------

    def _make_namespace(self) -> dict[str, Any]:
        from backend.scene.standins import install  # a scene without exec has no use for them

        scene = self._context.app.scene
        observe(scene, scene.EndCloseEvent, self._on_clear)
        return install(self._context, self._perform)

    def _perform(self, command: c.Command) -> Any:
        """Carry out a command now, as the gateway would have it done; loads are told to the gateway's journal."""
        value = self._context.perform(command)
        if self._is_running and isinstance(command, c.Load | c.LoadSample):
            self._journal.append(command)
        return value

    def _on_clear(self, _caller: Any, _event: str) -> None:
        if self._is_running:
            self._journal = [c.Clear()]
