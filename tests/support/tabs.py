"""Chromium with real tabs, of which those behind are really hidden: timers slow down, nothing is drawn, pages are told.

Playwright keeps every page visible, so this speaks Chromium's own protocol.
"""

from __future__ import annotations

import asyncio
import json
import re
import subprocess
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from tornado.websocket import WebSocketClientConnection, websocket_connect

ANSWER_S = 60.0


class Tab:
    """A page."""

    def __init__(self, tabs: Tabs, target: str, session: str) -> None:
        self._tabs, self.target, self._session = tabs, target, session

    def evaluate(self, expression: str) -> Any:
        """The value of an expression of the page, promises awaited.

        Raises:
            RuntimeError: it throws.
        """
        asked = {"expression": expression, "returnByValue": True, "awaitPromise": True}
        answer = self._tabs.call("Runtime.evaluate", self._session, **asked)
        if "exceptionDetails" in answer:
            raise RuntimeError(answer["exceptionDetails"])
        return answer["result"].get("value")

    def wait_for(self, expression: str, timeout_s: float = 60.0) -> None:
        """Wait until an expression of the page is true."""
        until = time.monotonic() + timeout_s
        while not self.evaluate(f"Boolean({expression})"):
            if time.monotonic() > until:
                raise TimeoutError(expression)
            time.sleep(0.1)

    def go(self, url: str) -> None:
        """Go to a page."""
        self._tabs.call("Page.navigate", self._session, url=url)

    def front(self) -> None:
        """Have this tab shown, and so the others hidden."""
        self._tabs.call("Target.activateTarget", targetId=self.target)


class Tabs:
    """The browser's connection, used by one thread and served by another."""

    def __init__(self, url: str) -> None:
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._thread.start()
        self._last = 0
        self._waiting: dict[int, asyncio.Future[Any]] = {}
        self._socket: WebSocketClientConnection = self._run(self._connect(url))

    def _run(self, work: Any) -> Any:
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(ANSWER_S)

    async def _connect(self, url: str) -> WebSocketClientConnection:
        socket = await websocket_connect(url, max_message_size=64 << 20)
        self._reading = asyncio.create_task(self._read(socket))
        return socket

    async def _read(self, socket: WebSocketClientConnection) -> None:
        while (message := await socket.read_message()) is not None:
            answer = json.loads(message)
            waiting = self._waiting.pop(answer.get("id", 0), None)
            if waiting is not None and not waiting.done():
                waiting.set_result(answer)

    def call(self, method: str, session: str | None = None, **params: Any) -> Any:
        """One command of the protocol; returns its result.

        Raises:
            RuntimeError: the browser refuses it.
        """

        async def ask() -> Any:
            self._last += 1
            waiting = self._waiting[self._last] = self._loop.create_future()
            named = {"sessionId": session} if session else {}
            await self._socket.write_message(json.dumps({"id": self._last, "method": method, "params": params, **named}))
            return await waiting

        answer = self._run(ask())
        if "error" in answer:
            raise RuntimeError(answer["error"])
        return answer["result"]

    def open(self, url: str = "about:blank") -> Tab:
        """A new tab, in front."""
        target = self.call("Target.createTarget", url=url)["targetId"]
        session = self.call("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        return Tab(self, target, session)

    def close(self) -> None:
        """End the connection."""

        async def leave() -> None:
            self._socket.close()
            await self._reading

        self._run(leave())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()


@contextmanager
def real_tabs(chromium: str, flags: list[str]) -> Iterator[Tabs]:
    """A Chromium of its own."""
    with tempfile.TemporaryDirectory(prefix="slicecast-chromium-", ignore_cleanup_errors=True) as folder:
        process = subprocess.Popen(
            [chromium, "--headless=new", *flags, "--remote-debugging-port=0", f"--user-data-dir={folder}", "about:blank"],
            stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True,
        )  # fmt: skip
        try:
            assert process.stderr is not None
            found = next((m for line in process.stderr if (m := re.search(r"ws://\S+", line))), None)
            assert found is not None, "Chromium did not start"
            reading = threading.Thread(target=process.stderr.read, daemon=True)  # else it would stand still on a full pipe
            reading.start()
            tabs = Tabs(found[0])
            yield tabs
            tabs.close()
            process.kill()
            reading.join()
        finally:
            process.kill()
            process.wait()
            if process.stderr is not None:
                process.stderr.close()
