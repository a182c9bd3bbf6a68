"""Several people on one stream: roles, pointers, handing over."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from typing import Any

import pytest

from tests.support.live import LiveServer
from tests.support.stream_client import StreamClient


@pytest.fixture(scope="module")
def server() -> Iterator[LiveServer]:
    live = LiveServer(stream_role="watch", stream_resume_s=0.0).wait()
    yield live
    live.stop()


async def join(server: LiveServer, name: str, **hello: Any) -> tuple[StreamClient, dict[str, Any]]:
    wish = {"protocol": [1], "codecs": ["jpeg", "png"], "name": name, **hello}
    client = await StreamClient.connect(server.port, wish)
    return client, await client.message("welcome")


async def test_watchers_see_and_touch_nothing_until_the_role_is_theirs(server: LiveServer) -> None:
    ada, first = await join(server, "Ada")
    bea, second = await join(server, "Bea")
    assert (first["role"], second["role"]) == ("steer", "watch")
    told = await ada.message("members", lambda m: len(m["members"]) == 2)
    assert [(member["name"], member["role"]) for member in told["members"]] == [("Ada", "steer"), ("Bea", "watch")]
    opened = await bea.open("red", (128, 128))
    await bea.picture()
    refused: dict[str, dict[str, Any]] = {
        "set": {"n": 1, "patch": {"offset": -100}},
        "input": {"n": 1, "size": [128, 128], "events": [[0, "wheel", 0.5, 0.5, 0, 0, 100]]},
    }
    for kind, fields in refused.items():
        bea.messages.clear()
        bea.send(kind, stream=opened["stream"], **fields)
        assert "watch" in (await bea.message("error"))["message"]
    for kind, fields in (("resize", {"size": [100, 100]}), ("visible", {"visible": True}), ("focus", {}), ("stats", {})):
        bea.send(kind, stream=opened["stream"], **fields)
    await bea.picture(lambda p: p.width == 100)
    bea.send("grant", who=second["id"], role="steer")
    await bea.message("error", lambda m: "give roles" in m["message"])
    ada.send("grant", who=second["id"], role="steer")
    await bea.message("members", lambda m: [member["role"] for member in m["members"]] == ["steer", "steer"])
    n = bea.set(opened["stream"], offset=-120.0)
    await bea.picture(lambda p: p.n >= n)
    await bea.close()
    await ada.close()


async def test_pointers_are_shared_ten_times_a_second_and_the_last_one_counts(server: LiveServer) -> None:
    ada, _first = await join(server, "Ada")
    bea, second = await join(server, "Bea")
    bea.send("presence", view="Red", point=[1, 2, 3], tool="")
    await bea.message("error")
    ada.send("grant", who=second["id"], role="point")
    await bea.message("members", lambda m: m["members"][-1]["role"] == "point")
    begun = asyncio.get_running_loop().time()
    for step in range(60):
        bea.send("presence", view="Red", point=[step, 0, -1.5], tool="arrow")
        await asyncio.sleep(0.01)
    last = await ada.message("presence", lambda m: m["point"][0] == 59)
    seconds = asyncio.get_running_loop().time() - begun
    assert last == {"type": "presence", "who": second["id"], "view": "Red", "point": [59, 0, -1.5], "tool": "arrow"}
    heard = [m for m in ada.messages if m["type"] == "presence"]
    assert 2 < len(heard) <= seconds * 10 + 2
    assert not [m for m in bea.messages if m["type"] == "presence"]  # nobody hears of oneself
    bea.send("presence", view="Red", point=[1e300, 0, 0])
    await bea.message("error", lambda m: "range" in m["message"])
    await bea.close()
    await ada.close()


async def test_when_who_steers_leaves_the_next_one_takes_over(server: LiveServer) -> None:
    ada, _first = await join(server, "Ada")
    bea, second = await join(server, "Bea")
    cyd, _third = await join(server, "Cyd")
    await bea.message("members", lambda m: len(m["members"]) == 3)
    bea.messages.clear()
    await ada.close()
    told = await bea.message("members", lambda m: len(m["members"]) == 2)
    assert next((member["id"], member["role"]) for member in told["members"]) == (second["id"], "steer")
    dee, fourth = await join(server, "Dee", role="point")
    assert fourth["role"] == "watch"  # a wish for more than the others have is none
    for client in (bea, cyd, dee):
        await client.close()
