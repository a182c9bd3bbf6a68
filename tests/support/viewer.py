"""The viewer's page as browser tests handle it."""

from __future__ import annotations

import base64
import io
import re
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from playwright.sync_api import Browser, Page

FOUR = ("Red", "Yellow", "Green", "1")


@contextmanager
def viewer(browser: Browser, url: str, width: int = 1280, height: int = 800, **options: Any) -> Iterator[Page]:
    """The viewer at `url`, once its four views are exact; whatever the page throws fails the test."""
    faults: list[str] = []
    context = browser.new_context(viewport={"width": width, "height": height}, **options)
    page = context.new_page()
    page.on("pageerror", lambda error: faults.append(str(error)))
    page.goto(f"{url}/viewer/")
    wait_exact(page, *FOUR)
    yield page
    context.close()
    assert faults == []


def wait_exact(page: Page, *views: str, timeout: float = 60_000) -> None:
    """Until these views show their pictures without loss, and so without anything left to do."""
    names = ", ".join(f"'{view}'" for view in views)
    page.wait_for_function(f"[{names}].every(v => window.slicecast?.picture(v)?.flags & 4)", timeout=timeout)


def wait_fitted(page: Page, *views: str, timeout: float = 30_000) -> None:
    """Until these views show exact pictures of their present width: places on the page are where `spot` says from then on."""
    names = ", ".join(f"'{view}'" for view in views)
    page.wait_for_function(
        f"[{names}].every((v) => slicecast.picture(v)?.flags & 4 && slicecast.picture(v).width"
        " === Math.round(document.querySelector(`.view-${v} .surface`).clientWidth * devicePixelRatio))",
        timeout=timeout,
    )


def state(page: Page, view: str, field: str) -> Any:
    """A field of a view's state."""
    return page.evaluate(f"slicecast.state('{view}')?.{field}")


def wait_state(page: Page, view: str, condition: str, timeout: float = 15_000) -> None:
    """Until a condition on the view's state `s` holds."""
    page.wait_for_function(f"(s => s && ({condition}))(slicecast.state('{view}'))", timeout=timeout)


def pixels(page: Page, view: str) -> NDArray[np.uint8]:
    """(h, w, 3) of the view's picture as it is drawn now, without what lies over it."""
    drawn = page.evaluate(
        """selector => {
            const shown = document.querySelector(selector);
            const copy = document.createElement("canvas");
            [copy.width, copy.height] = [shown.width, shown.height];
            copy.getContext("2d").drawImage(shown, 0, 0);
            return copy.toDataURL("image/png").split(",")[1];
        }""",
        f".view-{view} .surface canvas",
    )
    return np.asarray(Image.open(io.BytesIO(base64.b64decode(drawn))).convert("RGB"))


def changed(page: Page, view: str, before: NDArray[np.uint8], least: float, timeout_s: float = 10.0) -> NDArray[np.uint8]:
    """The view's picture once it differs from `before` by `least` grey levels on the average."""
    until = time.monotonic() + timeout_s
    while True:
        now = pixels(page, view)
        if now.shape == before.shape and np.abs(now.astype(int) - before).mean() >= least:
            return now
        assert time.monotonic() < until, f"view {view} shows the same"
        page.wait_for_timeout(100)


def middle(page: Page, view: str) -> tuple[float, float]:
    """The centre of a view's picture on the page."""
    box = page.locator(f".view-{view} .surface").bounding_box()
    assert box is not None
    return box["x"] + box["width"] / 2, box["y"] + box["height"] / 2


def corner(page: Page, view: str, where: str) -> str:
    """The words in a corner of a view, such as `bottom-left`."""
    return re.sub(r"\s+", " ", page.locator(f".view-{view} .corner.{where}").inner_text())


def spot(page: Page, ras: tuple[float, float, float], view: str = "Red") -> tuple[float, float]:
    """Where on the page a point of a slice view is."""
    state = page.evaluate(f"slicecast.state('{view}')")
    box = page.locator(f".view-{view} .surface").bounding_box()
    assert box is not None
    matrix = np.array(state["slice_to_ras"]).reshape(4, 4)
    mm = max(state["fov"][0] / box["width"], state["fov"][1] / box["height"])
    right, up, _away = matrix[:3, :3].T @ (np.array(ras) - state["origin"])
    return box["x"] + box["width"] / 2 + right / mm, box["y"] + box["height"] / 2 - up / mm


def touch(page: Page, path: list[tuple[float, float]]) -> None:
    """One finger down, along a path, and up, as the browser's own input has it."""
    session = page.context.new_cdp_session(page)
    for n, (x, y) in enumerate(path):
        kind = "touchStart" if n == 0 else "touchMove"
        session.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": [{"x": x, "y": y}]})
        page.wait_for_timeout(30)
    session.send("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []})
    session.detach()
