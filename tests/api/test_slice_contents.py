"""What lies over a slice in a live server: markups and crosshair; slabs, tilted planes and links by the stream."""

from __future__ import annotations

import io
from collections.abc import AsyncIterator, Iterator

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from tests.support.live import LiveServer
from tests.support.stream_client import LOSSLESS, StreamClient

TILTED = [0.8, 0.0, 0.6, 1.5, 0.0, 1.0, 0.0, 150.0, -0.6, 0.0, 0.8, -150.0, 0.0, 0.0, 0.0, 1.0]


@pytest.fixture(scope="module")
def server() -> Iterator[LiveServer]:
    live = LiveServer(enable_exec=True).wait()
    run(live, "for name in ('Segmentation', 'F_1'):\n    slicer.util.getNode(name).GetDisplayNode().SetVisibility(False)")
    yield live
    live.stop()


@pytest.fixture
async def client(server: LiveServer) -> AsyncIterator[StreamClient]:
    found = await StreamClient.connect(server.port)
    await found.message("welcome")
    yield found
    await found.close()


def run(server: LiveServer, source: str) -> None:
    answer = server.request("POST", "/slicer/exec", source.encode())
    assert answer.status == 200, answer.body


def rgb(data: bytes) -> NDArray[np.uint8]:
    return np.asarray(Image.open(io.BytesIO(data)).convert("RGB"))


def colored(picture: NDArray[np.uint8]) -> NDArray[np.bool_]:
    """Pixels that are not grey."""
    return np.asarray(np.ptp(picture.astype(int), axis=2) > 60)


def overlaid(server: LiveServer) -> NDArray[np.uint8]:
    return rgb(server.get("/slice?view=red&size=400&overlays=1").body)


def test_markups_and_crosshair_show_where_they_are(server: LiveServer) -> None:
    server.get("/slice?view=red&orientation=axial&offset=-170")
    run(
        server,
        "n = slicer.mrmlScene.GetFirstNodeByClass('vtkMRMLSliceNode')\nm = n.GetSliceToRAS()\n"
        "point = [m.GetElement(0, 3) + 60, m.GetElement(1, 3) + 40, -170.0]\n"  # 60 mm to the right of the patient, 40 anterior
        "f = slicer.mrmlScene.AddNewNodeByClass('vtkMRMLMarkupsFiducialNode', 'spot')\nf.CreateDefaultDisplayNodes()\n"
        "f.GetDisplayNode().SetPointLabelsVisibility(False)\nf.AddControlPoint(*point)",
    )
    shown = colored(overlaid(server))
    rows, columns = np.nonzero(shown)
    mm_per_px = _mm_per_px(server)
    assert np.allclose((columns.mean() - 200) * mm_per_px, -60, atol=3)  # the patient's right is on the left
    assert np.allclose((rows.mean() - 200) * mm_per_px, -40, atol=3)
    server.get("/slice?view=red&offset=-140")
    assert not colored(overlaid(server)).any()
    server.get("/slice?view=red&offset=-170")
    run(
        server,
        "slicer.util.getNode('spot').GetDisplayNode().SetVisibility(False)\n"
        "c = slicer.mrmlScene.GetFirstNodeByClass('vtkMRMLCrosshairNode')\n"
        "c.SetCrosshairRAS(*point)\nc.SetCrosshairMode(c.ShowBasic)",
    )
    plain = rgb(server.get("/slice?view=red&size=400").body).astype(int)
    rows, columns = np.nonzero(np.abs(overlaid(server).astype(int) - plain).max(axis=2) > 30)
    run(server, "c.SetCrosshairMode(c.NoCrosshair)\nslicer.mrmlScene.RemoveNode(slicer.util.getNode('spot'))")
    across, down = round(200 - 60 / mm_per_px), round(200 - 40 / mm_per_px)
    on_lines = (np.abs(rows - down) <= 2) | (np.abs(columns - across) <= 2)
    assert len(rows) > 300
    assert on_lines.mean() > 0.95
    assert (overlaid(server) == plain).all()


def _mm_per_px(server: LiveServer) -> float:
    answer = server.request(
        "POST", "/slicer/exec",
        b"v = slicer.mrmlScene.GetNodeByID('vtkMRMLSliceNodeRed').GetFieldOfView()\n__execResult = {'fov': list(v)}",
    )  # fmt: skip
    fov: list[float] = answer.json()["fov"]
    return max(fov[0], fov[1]) / 400


async def test_slab_tilt_and_links_by_the_stream(server: LiveServer, client: StreamClient) -> None:
    opened = await client.open("red", (300, 300))
    other = await client.open("green", (300, 300))
    assert opened["state"]["slab"] == {"mode": "off", "thickness": 1.0}
    assert opened["state"]["linked"] is False
    n = client.set(opened["stream"], slab={"mode": "mip", "thickness": 25.0})
    thick = await client.picture(lambda p: p.stream == opened["stream"] and p.n >= n and p.flags & LOSSLESS)
    told = await client.message("state", lambda m: "slab" in m["patch"])
    assert (told["view"], told["patch"]["slab"]) == ("Red", {"mode": "mip", "thickness": 25.0})
    assert (rgb(thick.payload) == rgb(server.get("/slice?view=red&size=300").body)).all()
    n = client.set(opened["stream"], slab={"mode": "off", "thickness": 1.0}, slice_to_ras=TILTED)
    tilted = await client.picture(lambda p: p.stream == opened["stream"] and p.n >= n and p.flags & LOSSLESS)
    assert rgb(tilted.payload).std() > 20
    told = await client.message("state", lambda m: m["patch"].get("orientation") == "Reformat")
    assert told["patch"]["slice_to_ras"] == pytest.approx(TILTED)
    client.set(opened["stream"], linked=True)
    client.set(opened["stream"], fov=[111.0, 111.0])
    await client.message("state", lambda m: m["view"] == "Green" and m["patch"].get("fov", [0])[0] == 111.0)
    client.set(other["stream"], linked=False)
    client.set(opened["stream"], orientation="axial", fit=True)
    client.set(other["stream"], fit=True)


async def test_refused_slabs_change_nothing(client: StreamClient) -> None:
    opened = await client.open("red", (100, 100))
    before = opened["state"]["slab"]
    for slab in ({"mode": "thick"}, {"mode": "mip", "thickness": 0}, {"mode": "mip", "thickness": 1e9}, 7):
        client.set(opened["stream"], slab=slab)
        await client.message("error")
        client.messages = [message for message in client.messages if message["type"] != "error"]
    assert (await client.open("red", (100, 100)))["state"]["slab"] == before
