"""The picture routes on the demo scene, as `<img>`, scripts and caches use them."""

from __future__ import annotations

import io
import time
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from PIL import Image

from tests.support.live import Answer, LiveServer


def picture(answer: Answer) -> Image.Image:
    assert answer.status == 200, answer.body
    return Image.open(io.BytesIO(answer.body))


def test_slice_is_grey_png_of_the_default_size(demo: LiveServer) -> None:
    found = picture(demo.get("/slice?view=red&offset=-170"))
    assert (found.format, found.mode, found.size) == ("PNG", "L", (512, 512))
    assert np.asarray(found).std() > 20


def test_slicer_slice_is_rgba_with_nothing_outside_the_volume(demo: LiveServer) -> None:
    answer = demo.get("/slicer/slice?view=red&orientation=sagittal&size=200")
    found = picture(answer)
    demo.get("/slicer/slice?view=red&orientation=axial")
    assert answer.headers["Content-Type"] == "image/png"
    assert (found.mode, found.size) == ("RGBA", (200, 200))
    alpha = np.asarray(found)[:, :, 3]
    assert set(np.unique(alpha)) == {0, 255}  # the sagittal volume is not square


@pytest.mark.parametrize(("fmt", "expected"), [("png", "PNG"), ("jpeg", "JPEG"), ("jpg", "JPEG"), ("webp", "WEBP")])
def test_format_by_parameter(demo: LiveServer, fmt: str, expected: str) -> None:
    assert picture(demo.get(f"/slice?fmt={fmt}")).format == expected
    assert picture(demo.get(f"/threeD?fmt={fmt}&size=128")).format == expected


def test_format_by_accept(demo: LiveServer) -> None:
    assert picture(demo.get("/slice", Accept="image/jpeg")).format == "JPEG"
    assert picture(demo.get("/slice", Accept="image/webp")).format == "WEBP"
    browser = "image/avif,image/webp,image/apng,image/svg+xml,image/*,*/*;q=0.8"
    assert picture(demo.get("/slice", Accept=browser)).format == "PNG"


def test_zero_is_a_value(demo: LiveServer) -> None:
    demo.get("/slice?view=red&offset=-100")
    assert picture(demo.get("/slicer/slice?view=red&offset=0")).size == (512, 512)
    assert demo.get("/slice?view=red&offset=0").body != demo.get("/slice?view=red&offset=-100").body
    low = demo.get("/slice?view=red&scrollTo=0").body
    assert low != demo.get("/slice?view=red&scrollTo=1").body


def test_parameters_last(demo: LiveServer) -> None:
    moved = demo.get("/slice?view=green&offset=-40").body
    assert demo.get("/slice?view=green").body == moved


def test_orientation_and_offset_hold_together_on_the_first_request(demo: LiveServer) -> None:
    first = demo.get("/slice?view=yellow&orientation=coronal&offset=-35").body
    again = demo.get("/slice?view=yellow&orientation=coronal&offset=-35").body
    demo.get("/slice?view=yellow&orientation=sagittal")
    assert first == again


def test_slab_lasts_until_it_is_off(demo: LiveServer) -> None:
    thin = demo.get("/slice?view=red&offset=-170")
    thick = demo.get("/slice?view=red&offset=-170&slab=mip&thickness=30")
    assert demo.get("/slice?view=red").body == thick.body
    assert thick.headers["ETag"] != thin.headers["ETag"]
    levels = [np.asarray(picture(answer)).astype(int) for answer in (thin, thick)]
    assert (levels[1] >= levels[0] - 1).all()
    assert levels[1].mean() > levels[0].mean() + 5
    assert demo.get("/slice?view=red&slab=thick").status == 400
    assert demo.get("/slice?view=red&thickness=0").status == 400
    assert picture(demo.get("/slicer/slice?view=red&slab=thick&thickness=-1")).size == (512, 512)
    assert demo.get("/slice?view=red&slab=minip").body != thick.body
    assert demo.get("/slice?view=red&slab=off").body == thin.body
    demo.get("/slice?view=red&thickness=1")


def test_copied_geometry_shows_the_same_anatomy(demo: LiveServer) -> None:
    red = demo.get("/slice?view=red&orientation=axial&offset=-170").body
    copied = demo.get("/slice?view=green&copySliceGeometryFrom=red").body
    demo.get("/slice?view=green&orientation=coronal")
    assert copied == red


def test_etag_makes_a_repeated_request_cheap(demo: LiveServer) -> None:
    first = demo.get("/slice?view=red&offset=-90")
    again = demo.get("/slice?view=red&offset=-90", If_None_Match=first.headers["ETag"])
    assert (again.status, again.body) == (304, b"")
    moved = demo.get("/slice?view=red&offset=-91", If_None_Match=first.headers["ETag"])
    assert moved.status == 200
    assert moved.headers["ETag"] != first.headers["ETag"]


def test_equal_requests_at_once_get_equal_pictures(demo: LiveServer) -> None:
    with ThreadPoolExecutor(8) as pool:
        bodies = list(pool.map(lambda _i: demo.get("/slice?view=red&offset=-123.5").body, range(16)))
    assert len(set(bodies)) == 1


def test_different_requests_at_once_each_get_their_own(demo: LiveServer) -> None:
    offsets = [-300.0 + 10 * i for i in range(16)]
    with ThreadPoolExecutor(8) as pool:
        together = list(pool.map(lambda o: demo.get(f"/slice?view=red&offset={o}").body, offsets))
    assert together == [demo.get(f"/slice?view=red&offset={o}").body for o in offsets]


def test_threed_directions(demo: LiveServer) -> None:
    bodies = {axis: demo.get(f"/slicer/threeD?lookFromAxis={axis}").body for axis in "RLAPSI"}
    assert len(set(bodies.values())) == 6
    assert demo.get("/slicer/threeD?lookFromAxis=left").body == demo.get("/slicer/threeD?lookFromAxis=LATERAL").body
    assert demo.get("/slicer/threeD").body == bodies["L"]  # the camera stays
    assert picture(demo.get("/slicer/threeD?size=96")).mode == "RGB"


def test_orbit_is_relative_to_the_start(demo: LiveServer) -> None:
    demo.get("/threeD?lookFromAxis=A&mode=start&size=128")
    once = demo.get("/threeD?orbitX=0.3&size=128").body
    assert demo.get("/threeD?orbitX=0.3&size=128").body == once
    assert demo.get("/threeD?orbitX=0.6&size=128").body != once


def test_timeimage(demo: LiveServer) -> None:
    for color in ("ff0", "12345", "pink", "333", ""):
        answer = demo.get(f"/slicer/timeimage?color={color}")
        found = picture(answer)
        assert (found.size, found.mode) == ((128, 32), "RGBA")
        assert "no-store" in answer.headers["Cache-Control"]
    yellow = np.asarray(picture(demo.get("/timeimage?color=ff0")))
    assert ((yellow[:, :, :2] == 255).all(axis=2) & (yellow[:, :, 3] == 204)).any()
    assert demo.get("/timeimage?t=abc").headers["X-Echo"] == "abc"


def test_tracking_moves_a_cursor_in_the_picture(demo: LiveServer) -> None:
    demo.get("/threeD?lookFromAxis=A")
    answer = demo.get("/slicer/tracking?p=0,150,-170&q=1,0,0,0")
    assert (answer.headers["Content-Type"], answer.body) == ("text/plain", b"Set matrix")
    shown = np.asarray(picture(demo.get("/tracking?p=0,150,-170")).convert("RGB")).astype(int)
    yellow = (shown[:, :, 0] > 120) & (shown[:, :, 1] > 120) & (shown[:, :, 2] < 60)
    assert yellow.sum() > 50
    assert demo.get("/tracking?fmt=text&p=0,0,0").body == b"Set matrix"
    assert picture(demo.get("/slicer/tracking?fmt=png&p=0,0,0")).format == "PNG"
    names = demo.get("/slicer/mrml/names").json()
    assert {"trackingDevice", "tracker"} <= set(names)


@pytest.mark.parametrize(
    ("path", "status", "words"),
    [
        ("/slice?view=blue", 404, "no slice view"),
        ("/slice?size=0", 400, "size"),
        ("/slice?size=100000", 413, "limit"),
        ("/slice?offset=nan", 400, "finite"),
        ("/slice?scrollTo=inf", 400, "finite"),
        ("/slice?orientation=upside", 400, "orientation"),
        ("/slice?copySliceGeometryFrom=blue", 404, "blue"),
        ("/threeD?view=7", 404, "7"),
        ("/tracking?p=1,2", 400, "p needs"),
        ("/tracking?m=a,b", 400, "numbers"),
        ("/tracking?q=0,0,0,0", 400, "rotation"),
    ],
)
def test_bad_input_at_the_root(demo: LiveServer, path: str, status: int, words: str) -> None:
    before = demo.get("/slice?view=red").body
    answer = demo.get(path)
    assert answer.status == status
    assert words in answer.json()["error"]["message"]
    assert demo.get("/slice?view=red").body == before


@pytest.mark.parametrize(
    "path", ["/slicer/slice?size=100000", "/slicer/slice?offset=nan", "/slicer/slice?copySliceGeometryFrom=blue",
             "/slicer/tracking?p=1,2", "/slicer/nosuch?x=1", "/slicer/exec?source=1", "/slicer/"]
)  # fmt: skip
def test_bad_input_under_slicer_has_slicers_shape(demo: LiveServer, path: str) -> None:
    answer = demo.get(path)
    assert answer.status == 500
    assert answer.headers["Content-Type"] == "application/json"
    assert answer.json()["success"] is False
    assert answer.json()["message"].startswith("Server error: ")


def test_slicer_forgives_what_slicer_forgives(demo: LiveServer) -> None:
    red = demo.get("/slicer/slice?view=red").body
    for path in ("/slicer/slice?view=axial", "/slicer/slice?view=nosuch", "/slicer/slice?size=0", "/slicer/slice.png?x"):
        assert demo.get(path).body == red
    assert demo.get("/slicer/slice/1700000000.png?size=junk").body == red


def is_known(answer: Answer) -> bool:
    """Whether the gateway gave it without asking the scene, which would have told how long it took."""
    assert answer.status == 200, answer.body
    return "Server-Timing" not in answer.headers


def test_the_same_picture_again_comes_from_the_gateway_until_anything_changes(demo: LiveServer) -> None:
    url = "/slice?view=red&offset=-120&size=300"
    until = time.monotonic() + 20
    first = demo.get(url)
    while not is_known(again := demo.get(url)):  # the scene tells that the view has moved
        assert time.monotonic() < until
    assert (again.body, again.headers["ETag"]) == (first.body, first.headers["ETag"])
    moved = demo.get("/slice?view=red&offset=-121&size=300")
    assert moved.body != first.body
    back = demo.get(url)
    assert not is_known(back)
    assert back.body == first.body
    assert demo.get("/slice?view=red&size=300").body == first.body


def test_who_was_told_of_a_change_gets_no_picture_from_before_it(demo: LiveServer) -> None:
    url = "/slice?view=green&size=200"
    before = demo.get("/slice?view=green&offset=-40&size=200").body
    for number in range(20):
        demo.get(url)
        demo.get(url)
        offset = -41 - number
        demo.get(f"/slicer/slice?view=green&offset={offset}")
        after = demo.get(url).body
        assert after != before, f"moved to {offset}"
        before = after
