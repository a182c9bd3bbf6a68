"""Lines 15 to 21 and 25 of the conformance checklist, and what surrounds them, on a volume like MRHead."""

from __future__ import annotations

import io
import json
from collections.abc import Iterator

import numpy as np
import pytest
import trimesh
from PIL import Image

from tests.support.live import Answer, LiveServer
from tests.support.phantoms import HEAD_TO_RAS, head_like, write_nrrd


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LiveServer]:
    path = write_nrrd(tmp_path_factory.mktemp("head") / "MRHead.nrrd", head_like(), HEAD_TO_RAS)
    live = LiveServer(path, sample_urls=[])
    yield live.wait()
    live.stop()


def picture(answer: Answer) -> Image.Image:
    assert answer.status == 200, answer.body
    assert answer.headers["Content-Type"] == "image/png"
    return Image.open(io.BytesIO(answer.body))


def pixels(answer: Answer) -> np.ndarray:
    return np.asarray(picture(answer)).astype(int)


def gui(live: LiveServer, query: str) -> None:
    answer = live.request("PUT", f"/slicer/gui?{query}")
    assert (answer.status, answer.json()) == (200, {"success": True})


def error(answer: Answer) -> str:
    assert answer.status == 500
    assert answer.headers["Content-Type"] == "application/json"
    told = answer.json()
    assert set(told) == {"success", "message"}
    assert told["success"] is False
    return str(told["message"]).removeprefix("Server error: ")


def test_15_scroll_to_is_a_place_and_stays(server: LiveServer) -> None:
    first, second = (server.get("/slicer/slice?orientation=axial&scrollTo=.3") for _ in range(2))
    assert first.body == second.body
    assert picture(first).mode == "RGBA"
    np.testing.assert_allclose(pixels(first), pixels(server.get("/slicer/slice?offset=-61.9143")), atol=1)


def test_16_zero_is_an_offset(server: LiveServer) -> None:
    before = server.get("/slicer/slice?view=red&offset=-61.914").body
    zero = server.get("/slicer/slice?view=red&offset=0").body
    assert zero not in (before, server.get("/slicer/slice?view=red&offset=-10.214302").body)
    assert zero == server.get("/slicer/slice?view=red&offset=0.0").body


def test_17_what_is_no_view_is_red(server: LiveServer) -> None:
    red = server.get("/slicer/slice?view=red").body
    for path in (
        "slice?view=nosuch",
        "slice?view=axial",
        "slice?view=sagittal",
        "slice?view=1",
        "slice/123.png",
        "slice?view=RED",
    ):
        assert server.get(f"/slicer/{path}").body == red


def test_18_copied_geometry_shows_the_same_anatomy(server: LiveServer) -> None:
    red = server.get("/slicer/slice?view=red&orientation=axial&offset=12").body
    assert server.get("/slicer/slice?view=green&copySliceGeometryFrom=red").body == red
    server.get("/slicer/slice?view=green&orientation=coronal")


def test_19_the_camera_persists(server: LiveServer) -> None:
    bodies = [server.get(f"/slicer/threeD?lookFromAxis={word}").body for word in ("left", "L", "LATERAL")]
    assert len(set(bodies)) == 1
    assert server.get("/slicer/threeD").body == bodies[0]
    assert server.get("/slicer/threeD?lookFromAxis=xyz").body == bodies[0]
    assert picture(server.get("/slicer/threeD")).mode == "RGB"


@pytest.mark.parametrize(
    ("color", "shown"),
    [("ff0", (255, 255, 0, 204)), ("FF8000", (255, 128, 0, 204)), ("80ff8000", (255, 128, 0, 102)), ("", (51, 51, 0, 204)),
     ("fff888000", (255, 136, 0, 204)), ("ffff88880000", (255, 136, 0, 204)), ("12345", (0, 0, 0, 204)),
     ("1234", (0, 0, 0, 204)), ("pink", (0, 0, 0, 204)), ("-12", (0, 0, 0, 204)), ("%00%ff", (0, 0, 0, 204)),
     ("f" * 6000, (0, 0, 0, 204))],
)  # fmt: skip
def test_20_any_colour_makes_a_time_image(server: LiveServer, color: str, shown: tuple[int, int, int, int]) -> None:
    answer = server.get(f"/slicer/timeimage?color={color}")
    found = picture(answer)
    assert (found.size, found.mode) == ((128, 32), "RGBA")
    values = np.asarray(found)
    assert tuple(values[0, 0]) == shown
    assert values[0, 7, 3] == 0  # a gap of the dotted border
    assert values[16, 6, 3] == 0  # the ground is transparent
    assert (values[10:21, 10:116, 3] > 200).sum() > 100  # and the time stands on it


def test_21_layouts(server: LiveServer) -> None:
    gui(server, "viewersLayout=oneup3d")
    assert server.get("/api/scene").json()["layout"] == "OneUp3D"
    assert error(server.request("PUT", "/slicer/gui?viewersLayout=NoSuch")) == "Unknown layout name: nosuch"
    assert error(server.request("PUT", "/slicer/gui?contents=x")) == "contents must be 'viewers' or 'full'"
    assert error(server.get("/slicer/gui?contents=x&viewersLayout=nosuch")) == "contents must be 'viewers' or 'full'"
    assert error(server.get("/slicer/gui?contents=viewers&viewersLayout=nosuch")) == "Unknown layout name: nosuch"
    assert server.get("/api/scene").json()["contents"] == "full"
    assert picture(server.get("/slicer/slice?view=green")).size == (512, 512)  # hidden views go on
    gui(server, "contents=VIEWERS&viewersLayout=FourUp")
    assert server.get("/api/scene").json()["contents"] == "viewers"
    gui(server, "contents=Full")
    gui(server, "")


def test_21_the_names_may_come_as_json(server: LiveServer) -> None:
    for method in ("PUT", "POST"):
        for body, layout in (({"viewersLayout": "SideBySide"}, "SideBySide"), ({"contents": "full"}, "SideBySide")):
            answer = server.request(method, "/slicer/gui", json.dumps(body).encode())
            assert answer.json() == {"success": True}
            assert server.get("/api/scene").json()["layout"] == layout
        assert server.request(method, "/slicer/gui", b"{no json").json() == {"success": True}
        assert error(server.request(method, "/slicer/gui", b'{"viewersLayout": 7}')) == "Unknown layout name: 7"
        gui(server, "viewersLayout=FourUp")
    answer = server.request("PUT", "/slicer/gui?viewersLayout=FourUp", b'{"viewersLayout": "Dual3D"}')
    assert answer.json() == {"success": True}
    assert server.get("/api/scene").json()["layout"] == "FourUp"


def test_25_tracking(server: LiveServer) -> None:
    answer = server.request("PUT", "/slicer/tracking?p=1,2,3&q=1,0,0,0", b"")
    assert (answer.status, answer.headers["Content-Type"], answer.body) == (200, "text/plain", b"Set matrix")
    assert {"trackingDevice", "tracker"} <= set(server.get("/slicer/mrml/names").json())
    assert "m needs at least 9" in error(server.get("/slicer/tracking?m=1,2,3"))
    assert "numbers" in error(server.get("/slicer/tracking?q=a,b,c,d"))


# -- the tracked tool in pictures --------------------------------------------------------------------------------


def yellow(live: LiveServer, query: str, axis: str) -> np.ndarray:
    """Rows and columns of the cursor's pixels, seen from an axis."""
    live.get(f"/slicer/tracking?{query}")
    shown = pixels(live.get(f"/slicer/threeD?lookFromAxis={axis}&size=400"))
    found = np.argwhere((shown[:, :, 0] > 100) & (shown[:, :, 1] > 100) & (shown[:, :, 2] < 60))
    assert len(found) > 100
    return found


def test_the_tool_moves_the_way_its_numbers_say(server: LiveServer) -> None:
    q = "q=1,0,0,0"
    middle = yellow(server, f"p=0,200,0&{q}", "A").mean(axis=0)
    right, up = (yellow(server, f"p={p}&{q}", "A").mean(axis=0) for p in ("60,200,0", "0,200,60"))
    assert right[1] < middle[1] - 20  # the patient's right is at the left, seen from anterior
    assert up[0] < middle[0] - 20
    from_top = yellow(server, f"p=0,0,200&{q}", "S").mean(axis=0)
    anterior = yellow(server, f"p=0,60,200&{q}", "S").mean(axis=0)
    assert anterior[0] < from_top[0] - 20


def test_the_tool_turns_the_way_its_numbers_say(server: LiveServer) -> None:
    """Seen from anterior with patient right at the left, a turn about A (right-handed: S to R) leans the long side to a side.

    The box is long along y: turned by 90 degrees about x it is long along z, then by 30 degrees about y its top leans.
    """
    upright = np.array([[1, 0, 0], [0, 0, -1], [0, 1, 0]])  # y to z
    cosine, sine = np.cos(np.radians(30)), np.sin(np.radians(30))
    about_a = np.array([[cosine, 0, sine], [0, 1, 0], [-sine, 0, cosine]])  # z to x: the top goes to the patient's right
    rows = (about_a @ upright).ravel()
    turned = np.eye(4)
    turned[:3, :3] = about_a @ upright
    columns = turned.T.ravel()
    quaternion = "q=" + ",".join(f"{v:.9f}" for v in _wxyz(about_a @ upright))
    for query in ("m=" + ",".join(f"{v:.9f}" for v in rows), "m=" + ",".join(f"{v:.9f}" for v in columns), quaternion):
        yellow(server, "p=0,0,200&q=1,0,0,0", "S")
        found = yellow(server, f"{query}&p=0,200,0", "A")  # in front of the volume
        top = found[found[:, 0] < np.quantile(found[:, 0], 0.2)][:, 1].mean()
        bottom = found[found[:, 0] > np.quantile(found[:, 0], 0.8)][:, 1].mean()
        assert top < bottom - 10, query  # patient right is at the left of the picture


def _wxyz(matrix: np.ndarray) -> np.ndarray:
    w = np.sqrt(1 + np.trace(matrix)) / 2
    return np.array([w, *((matrix[b, a] - matrix[a, b]) / (4 * w) for a, b in ((1, 2), (2, 0), (0, 1)))])


# -- 3D pictures -------------------------------------------------------------------------------------------------


def test_the_3d_picture_has_slicers_ground_box_and_letters(server: LiveServer) -> None:
    shown = pixels(server.get("/slicer/threeD?lookFromAxis=A&size=400"))
    np.testing.assert_allclose(shown[0, 0], np.array([0.455, 0.471, 0.745]) * 255, atol=2)
    np.testing.assert_allclose(shown[-1, 0], np.array([0.757, 0.765, 0.910]) * 255, atol=2)
    magenta = (shown == (255, 0, 255)).all(axis=2)
    assert magenta.sum() > 300
    white = (shown > 225).all(axis=2)
    assert white[:, :200].sum() > 10  # a letter R at the left
    assert white[:, 200:].sum() > 10


def test_other_3d_views_come_with_a_layout(server: LiveServer) -> None:
    server.get("/slicer/threeD?lookFromAxis=A")
    first = server.get("/slicer/threeD?view=1").body
    assert server.get("/slicer/threeD?view=2").body == first  # there is none yet
    assert server.get("/threeD?view=2").status == 404
    gui(server, "viewersLayout=Dual3D")
    server.get("/slicer/threeD?view=2&lookFromAxis=R")
    assert server.get("/slicer/threeD?view=2").body != first
    assert server.get("/threeD?view=2").status == 200
    assert server.get("/slicer/threeD").body == first
    assert server.get("/slicer/threeD?view=9").body == first
    gui(server, "viewersLayout=FourUp")


def test_other_slice_views_come_with_a_layout(server: LiveServer) -> None:
    red = server.get("/slicer/slice?view=red&orientation=axial&offset=3").body
    assert server.get("/slicer/slice?view=slice4").body == red
    assert server.get("/slice?view=slice4").status == 404
    gui(server, "viewersLayout=TwoOverTwo")
    other = server.get("/slicer/slice?view=Slice4&offset=40").body
    assert other != red
    assert server.get("/slicer/slice?view=red&copySliceGeometryFrom=slice4").body == other
    gui(server, "viewersLayout=ThreeOverThree")
    assert server.get("/slicer/slice?view=red%2B&offset=40").body == other
    gui(server, "viewersLayout=FourUp")
    assert "no slice view 'nosuch'" in error(server.get("/slicer/slice?copySliceGeometryFrom=nosuch"))


def test_older_drags_are_relative(server: LiveServer) -> None:
    server.get("/slicer/slice?view=red&orientation=axial&offset=10")
    server.get("/slicer/slice?view=red&mode=start")
    dragged = server.get("/slicer/slice?view=red&mode=drag&offset=5").body
    assert dragged == server.get("/slicer/slice?view=red&offset=15").body


@pytest.mark.parametrize("size", ["0", "-3", "native", "junk", "nan", ""])
def test_odd_sizes_are_the_default(server: LiveServer, size: str) -> None:
    assert picture(server.get(f"/slicer/slice?size={size}")).size == (512, 512)
    assert picture(server.get(f"/slicer/threeD?size={size}")).size == (512, 512)


def test_even_a_blank_picture_is_large_enough_for_checks(server: LiveServer) -> None:
    blank = server.get("/slicer/slice?view=red&orientation=axial&offset=5000&size=64")
    assert set(np.unique(pixels(blank))) == {0}
    assert len(blank.body) >= 1000
    assert len(server.get("/slicer/slice?view=red&offset=5000").body) >= 1000
    server.get("/slicer/slice?view=red&offset=0")


# -- screenshots -------------------------------------------------------------------------------------------------

BARS = {"Red": (243, 74, 51), "Green": (110, 176, 75), "Yellow": (237, 213, 76), "1": (116, 131, 233)}


def test_a_screenshot_has_every_view_under_its_colour(server: LiveServer) -> None:
    gui(server, "viewersLayout=FourUp")
    answer = server.get("/slicer/screenshot")
    shot = pixels(answer)
    assert shot.shape == (960, 1280, 3)
    for name, (x, y) in {"Red": (400, 0), "1": (1000, 0), "Green": (400, 481), "Yellow": (1000, 481)}.items():
        assert tuple(shot[y + 3, x]) == BARS[name], name
    again = server.get("/slicer/screenshot", If_None_Match=answer.headers["ETag"])
    assert again.status == 304
    server.get("/slicer/slice?view=green&offset=7")
    assert server.get("/slicer/screenshot", If_None_Match=answer.headers["ETag"]).status == 200


def test_a_screenshot_is_not_mirrored(server: LiveServer) -> None:
    """The phantom's right side is brighter: at the left of axial and coronal pictures."""
    gui(server, "viewersLayout=Conventional")
    server.get("/slicer/slice?view=red&orientation=axial&offset=0")
    shot = pixels(server.get("/slicer/screenshot?width=900&height=600"))
    assert shot.shape == (600, 900, 3)
    red, green = shot[340:, :298], shot[340:, 302:598]
    for view in (red, green):
        grey = view[60:-60].mean(axis=(0, 2))
        assert grey[90:140].mean() > grey[160:210].mean() + 30
    gui(server, "viewersLayout=FourUp")


@pytest.mark.parametrize(
    ("query", "size"),
    [("size=640", (640, 480)), ("width=300", (300, 960)), ("width=200&height=100", (200, 100)), ("width=1&height=1", (1, 1)),
     ("size=junk", (1280, 960)), ("width=0", (1280, 960))],
)  # fmt: skip
def test_sizes_of_screenshots(server: LiveServer, query: str, size: tuple[int, int]) -> None:
    assert picture(server.get(f"/slicer/screenshot?{query}")).size == size


def test_every_layout_has_a_screenshot(server: LiveServer) -> None:
    for name in ("Dual3D", "FourUpPlotTable", "TabbedSlice", "OneUpPlot", "DicomBrowser", "Compare", "OneUp3D"):
        gui(server, f"viewersLayout={name}")
        shot = pixels(server.get("/slicer/screenshot?size=500"))
        assert len(np.unique(shot.reshape(-1, 3), axis=0)) > 10, name
    gui(server, "viewersLayout=FourUp")
    assert "limit" in error(server.get("/slicer/screenshot?width=100000"))
    assert "limit" in error(server.get("/slicer/screenshot?size=1e30"))


# -- geometry ----------------------------------------------------------------------------------------------------


def test_graphics_of_the_scene(server: LiveServer) -> None:
    server.get("/slicer/tracking?p=0,0,40&q=1,0,0,0")
    answer = server.get("/slicer/threeDGraphics")
    assert answer.headers["Content-Type"] == "application/json"
    assert len(answer.body) >= 1024
    scene = trimesh.load(io.BytesIO(answer.body), file_type="gltf")
    assert scene.geometry["trackingDevice"].bounds.tolist() == [[-15, -35, 37.5], [15, 35, 42.5]]
    for name in ("glTF", "GLTF", "gltf"):
        assert server.get(f"/slicer/threeDGraphics?format={name}").body == answer.body
    for name, kind in (("glb", "model/gltf-binary"), ("STL", "model/stl"), ("obj", "model/obj")):
        other = server.get(f"/slicer/threeDGraphics?format={name}")
        assert other.headers["Content-Type"] == kind
        found = trimesh.load(io.BytesIO(other.body), file_type=name.lower())
        np.testing.assert_allclose(found.bounds, scene.bounds, atol=1e-3)
    boxed = server.get("/slicer/threeDGraphics?boxVisible=true")
    assert "Box" in trimesh.load(io.BytesIO(boxed.body), file_type="gltf").geometry


@pytest.mark.parametrize(
    ("query", "words"),
    [("format=fbx", "format fbx not supported"), ("widgetIndex=x", "widgetIndex"), ("widgetIndex=99", "no 3D view"),
     ("widgetIndex=-1", "no 3D view"), ("widgetIndex=" + "9" * 40, "no 3D view")],
)  # fmt: skip
def test_graphics_that_can_not_be(server: LiveServer, query: str, words: str) -> None:
    assert words in error(server.get(f"/slicer/threeDGraphics?{query}"))


def test_there_is_no_segmentation_here(server: LiveServer) -> None:
    assert "could not find nodes" in error(server.get("/slicer/segmentation"))
    assert "format xyz not supported" in error(server.get("/slicer/segmentation?format=xyz"))


# -- routes of SlicerWeb -----------------------------------------------------------------------------------------


def test_older_routes(server: LiveServer) -> None:
    assert server.get("/slicer/preset").json() == ["MRHead"]
    assert server.get("/slicer/preset?id=DEFAULT").json() == ["MRHead"]
    assert "MRBrainTumor1" in error(server.get("/slicer/preset?id=compareview"))
    assert "ID_1 and ID_6" in error(server.get("/slicer/preset?id=amigo-2012-07-02"))
    assert error(server.get("/slicer/preset?id=nosuch")).startswith("no matching preset")
    answer = server.get("/slicer/eulers?angles=10,20,30")
    assert (answer.status, answer.headers["Content-Type"], answer.body) == (200, "text/plain", b"got it")
    for query in ("", "?angles=1,2", "?angles=a,b,c", "?angles=1,2,inf"):
        assert error(server.get(f"/slicer/eulers{query}"))
    assert "tracking" in error(server.get("/slicer/transform?m=1,2"))


def test_mrml_gives_geometry_if_a_format_is_named(server: LiveServer) -> None:
    server.get("/slicer/tracking?p=0,0,0&q=1,0,0,0")
    ids = server.get("/slicer/mrml/ids?name=trackingDevice").json()
    answer = server.get(f"/slicer/mrml?format=glTF&id={ids[0].lower()}&targetFiberCount=10&fiberMode=tubes")
    scene = trimesh.load(io.BytesIO(answer.body), file_type="gltf")
    assert list(scene.geometry) == ["trackingDevice"]
    assert "trackingDevice" in server.get("/slicer/mrml").json()
    for query in ("format=x", "format=glTF&id=nosuch", "format=glTF&targetFiberCount=-1", "format=glTF&fiberMode=ropes"):
        assert error(server.get(f"/slicer/mrml?{query}"))


def test_clearing_keeps_the_layout_and_loses_the_tool(server: LiveServer) -> None:
    gui(server, "viewersLayout=TwoOverTwo")
    assert server.request("DELETE", "/slicer/mrml").json() == {"success": True}
    assert server.get("/api/scene").json()["layout"] == "TwoOverTwo"
    assert "no volume" in error(server.get("/slicer/slice?view=slice4"))
    assert len(pixels(server.get("/slicer/screenshot"))) == 960
    answer = server.request("PUT", "/slicer/tracking?p=1,2,3&q=1,0,0,0", b"")
    assert answer.body == b"Set matrix"
    assert {"trackingDevice", "tracker"} <= set(server.get("/slicer/mrml/names").json())
    yellow(server, "p=0,0,0&q=1,0,0,0", "S")
    assert server.get("/slicer/preset").json()  # an empty scene gets the demo
