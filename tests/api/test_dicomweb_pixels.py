"""Frames, bulk data, pictures, thumbnails and WADO-URI of a server that has stored pydicom's own files."""

from __future__ import annotations

import io
from collections.abc import Iterator
from io import BytesIO
from urllib.parse import quote

import av
import numpy as np
import pydicom
import pytest
from PIL import Image
from pydicom.dataset import Dataset
from pydicom.pixels import pixel_array
from pydicom.sequence import Sequence
from pydicom.uid import generate_uid

from tests.support.archive_server import ArchiveServer
from tests.support.instances import make_dataset, make_instance, part10
from tests.support.live import Answer
from tests.unit.dicom.test_codecs import installed

CT, MR, US = "CT_small.dcm", "MR_small_bigendian.dcm", "examples_ybr_color.dcm"
PALETTE, SEG, RLE, DEFLATED, J2K = (
    "examples_palette.dcm",
    "liver_1frame.dcm",
    "SC_rgb_rle.dcm",
    "image_dfl.dcm",
    "693_J2KI.dcm",
)
NAMES = (CT, MR, US, PALETTE, SEG, RLE, DEFLATED, J2K)
OCTETS = 'multipart/related; type="application/octet-stream"'
OCTETS_AS_STORED = f"{OCTETS}; transfer-syntax=*"
LE = "1.2.840.10008.1.2.1"


@pytest.fixture(scope="module")
def server() -> Iterator[ArchiveServer]:
    found = ArchiveServer(gif_frames=30, frames_at_once=40, max_pixels=2_000_000)
    try:
        answer = found.store(*(installed(name).read_bytes() for name in NAMES))
        assert answer.status == 200, answer.body
        yield found
    finally:
        found.stop()


def path_of(dataset: Dataset) -> str:
    return f"/dicom/studies/{dataset.StudyInstanceUID}/series/{dataset.SeriesInstanceUID}/instances/{dataset.SOPInstanceUID}"


def at(name: str) -> str:
    return path_of(pydicom.dcmread(installed(name), stop_before_pixels=True))


def parts_of(answer: Answer) -> list[tuple[str, bytes]]:
    """Content type and data of each part."""
    kind = answer.headers["Content-Type"]
    assert kind.startswith("multipart/related; type="), kind
    boundary = b"--" + kind.rpartition("boundary=")[2].encode()
    pieces = answer.body.split(boundary)
    assert pieces[0] == b""
    assert pieces[-1].startswith(b"--")
    found = []
    for piece in pieces[1:-1]:
        head, _, data = piece.removeprefix(b"\r\n").partition(b"\r\n\r\n")
        assert head.startswith(b"Content-Type: ")  # viewers compare the case
        headers = dict(line.split(": ", 1) for line in head.decode().split("\r\n"))
        data = data.removesuffix(b"\r\n")
        assert int(headers["Content-Length"]) == len(data)
        assert headers["Content-Location"].startswith("http://127.0.0.1:")
        found.append((headers["Content-Type"], data))
    return found


def image_of(answer: Answer) -> Image.Image:
    assert answer.status == 200, answer.body
    return Image.open(io.BytesIO(answer.body))


# -- frames ----------------------------------------------------------------------------------------------------------


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("name", [CT, MR, RLE, DEFLATED, J2K, PALETTE, US])
def test_frames_decoded_to_octets_are_the_pixels(server: ArchiveServer, name: str) -> None:
    answer = server.get(at(name) + "/frames/1", Accept=OCTETS)
    [(kind, data)] = parts_of(answer)
    assert kind == f"application/octet-stream; transfer-syntax={LE}"
    dataset = pydicom.dcmread(installed(name))
    wanted = pixel_array(dataset, raw=True, index=0) if name == US else pixel_array(dataset, raw=True)
    assert data == wanted.astype(wanted.dtype.newbyteorder("<")).tobytes()


def test_frames_as_stored_are_the_bytes_of_the_file(server: ArchiveServer) -> None:
    [(kind, data)] = parts_of(server.get(at(US) + "/frames/5", Accept=OCTETS_AS_STORED))
    stored = pydicom.dcmread(installed(US))
    assert kind == "application/octet-stream; transfer-syntax=1.2.840.10008.1.2.4.50"
    assert data == pydicom.encaps.get_frame(stored.PixelData, 4, number_of_frames=30)
    [(kind, _data)] = parts_of(server.get(at(US) + "/frames/5", Accept="multipart/related; type=image/jpeg; transfer-syntax=*"))
    assert kind == "image/jpeg; transfer-syntax=1.2.840.10008.1.2.4.50"
    [(kind, _data)] = parts_of(server.get(at(MR) + "/frames/1", Accept=OCTETS_AS_STORED))
    assert kind.endswith("=" + LE)  # big endian is never sent


def test_frames_come_in_the_order_asked_for(server: ArchiveServer) -> None:
    several = parts_of(server.get(at(US) + "/frames/3%2C1,2", Accept=OCTETS_AS_STORED))
    singly = [parts_of(server.get(at(US) + f"/frames/{n}", Accept=OCTETS_AS_STORED))[0] for n in (3, 1, 2)]
    assert several == singly


@pytest.mark.parametrize(
    ("media", "syntax"),
    [("image/jls", "4.80"), ("image/jp2", "4.90"), ("image/jphc", "4.201"), ("image/dicom-rle", "5"), ("image/x-jls", "4.80")],
)
def test_frames_are_transcoded(server: ArchiveServer, media: str, syntax: str) -> None:
    answer = server.get(at(CT) + "/frames/1", Accept=media)
    uid = f"1.2.840.10008.1.2.{syntax}"
    assert answer.headers["Content-Type"].endswith(f"; transfer-syntax={uid}")
    copy = pydicom.dcmread(installed(CT))
    wanted = copy.pixel_array.copy()
    copy.PixelData = pydicom.encaps.encapsulate([answer.body + b"\0" * (len(answer.body) % 2)])
    copy.file_meta.TransferSyntaxUID = uid
    np.testing.assert_array_equal(pixel_array(copy, raw=True), wanted)


def test_ranges_of_single_bodies(server: ArchiveServer) -> None:
    url = at(CT) + "/frames/1"
    whole = server.get(url, Accept="application/octet-stream")
    assert whole.headers["Accept-Ranges"] == "bytes"
    for asked, begin, end in (("bytes=0-99", 0, 100), ("bytes=32000-", 32000, 32768), ("bytes=-10", 32758, 32768)):
        part = server.get(url, Accept="application/octet-stream", Range=asked)
        assert part.status == 206
        assert part.headers["Content-Range"] == f"bytes {begin}-{end - 1}/32768"
        assert part.body == whole.body[begin:end]
    beyond = server.get(url, Accept="application/octet-stream", Range="bytes=40000-")
    assert beyond.status == 416
    assert beyond.headers["Content-Range"] == "bytes */32768"
    assert server.get(url, Accept="application/octet-stream", Range="pages=1-2").status == 200


def test_frames_that_did_not_change_are_not_sent_again(server: ArchiveServer) -> None:
    url = at(CT) + "/frames/1"
    first = server.get(url, Accept=OCTETS)
    again = server.get(url, Accept=OCTETS, If_None_Match=first.headers["ETag"])
    assert (again.status, again.body) == (304, b"")
    other = server.get(url, Accept="image/jls", If_None_Match=first.headers["ETag"])
    assert other.status == 200


@pytest.mark.parametrize("frames", ["0", "-1", "x", "1,,2", "1;2", "1.5", ",".join("1" * 41), "9" * 40])
def test_bad_frame_lists(server: ArchiveServer, frames: str) -> None:
    answer = server.get(at(US) + f"/frames/{frames}")
    assert answer.status == 400
    assert answer.json()["status"] == 400


def test_what_is_not_there(server: ArchiveServer) -> None:
    assert server.get(at(US) + "/frames/31").status == 404
    assert server.get(at(US) + "/frames/1,31", Accept=OCTETS_AS_STORED).status == 404
    ct, mr = (pydicom.dcmread(installed(name), stop_before_pixels=True) for name in (CT, MR))
    crossed = f"/dicom/studies/{mr.StudyInstanceUID}/series/{ct.SeriesInstanceUID}/instances/{ct.SOPInstanceUID}"
    for rest in ("/frames/1", "/rendered", "/thumbnail", "/bulkdata/7FE00010", "/pixeldata"):
        assert server.get(crossed + rest).status == 404
        assert server.get(at(CT).replace("/instances/", "/instances/x") + rest).status == 400


@pytest.mark.parametrize("accept", ["image/jxl", "video/mp4", "image/jphc", "multipart/related; type=image/jls",
                                    "application/octet-stream; transfer-syntax=1.2.840.10008.1.2.4.100"])  # fmt: skip
def test_frames_that_can_not_be_had_so(server: ArchiveServer, accept: str) -> None:
    assert server.get(at(SEG) + "/frames/1", Accept=accept).status == 406


def test_single_bit_frames(server: ArchiveServer) -> None:
    answer = server.get(at(SEG) + "/frames/1", Accept="application/octet-stream")
    dataset = pydicom.dcmread(installed(SEG))
    assert answer.body == dataset.PixelData[:32768]


def test_all_pixels_and_bulk_data(server: ArchiveServer) -> None:
    assert len(parts_of(server.get(at(US) + "/pixeldata", Accept=OCTETS_AS_STORED))) == 30
    assert len(parts_of(server.get(at(US) + "/bulkdata/7FE00010", Accept=OCTETS_AS_STORED))) == 30
    native = server.get(at(CT) + "/bulkdata/7FE00010", Accept="application/octet-stream")
    assert native.body == pydicom.dcmread(installed(CT)).PixelData
    turned = server.get(at(MR) + "/bulkdata/7FE00010", Accept="application/octet-stream")
    assert turned.body == pydicom.dcmread(installed(MR)).pixel_array.astype("<i2").tobytes()
    palette = pydicom.dcmread(installed(PALETTE)).RedPaletteColorLookupTableData
    assert server.get(at(PALETTE) + "/bulkdata/00281201", Accept="application/octet-stream").body == palette
    [(_kind, data)] = parts_of(server.get(at(PALETTE) + "/bulkdata/00281201", Accept=OCTETS))
    assert data == palette
    assert server.get(at(CT) + "/bulkdata/00281201").status == 404
    for bad in ("7FE0001", "7FE00010/x/7FE00010", "7FE00010/0/7FE00010", "..%2F..", "7FE00010/1"):
        assert server.get(at(CT) + f"/bulkdata/{bad}").status == 400


def test_pixels_and_bulk_data_of_series_and_studies(server: ArchiveServer) -> None:
    study, series = generate_uid(), generate_uid()
    several = [make_dataset(study, series, InstanceNumber=n + 1, RedPaletteColorLookupTableData=bytes(2048)) for n in range(3)]
    assert server.store(*(part10(one) for one in several)).status == 200
    for url in (f"/dicom/studies/{study}", f"/dicom/studies/{study}/series/{series}"):
        frames = parts_of(server.get(url + "/pixeldata", Accept=OCTETS))
        assert [data for _kind, data in frames] == [one.PixelData for one in several]
        everything = parts_of(server.get(url + "/bulkdata", Accept=OCTETS))
        assert sorted(len(data) for _kind, data in everything) == [512, 512, 512, 2048, 2048, 2048]
        assert server.get(url + "/pixeldata", Accept="image/jxl").status == 406
    assert len(parts_of(server.get(at(US) + "/bulkdata"))) == 30
    assert server.get(f"/dicom/studies/{study}1/pixeldata").status in (400, 404)


def test_bulk_data_that_metadata_name(server: ArchiveServer) -> None:
    [model] = server.get(at(CT) + "/metadata").json()
    uri = model["7FE00010"]["BulkDataURI"]
    answer = server.get(uri.removeprefix(server.url), Accept="application/octet-stream")
    assert answer.body == pydicom.dcmread(installed(CT)).PixelData


# -- pictures --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("media", ["image/jpeg", "image/png", "image/jp2"])
def test_every_image_as_every_picture(server: ArchiveServer, name: str, media: str) -> None:
    answer = server.get(at(name) + "/rendered", Accept=media)
    dataset = pydicom.dcmread(installed(name), stop_before_pixels=True)
    assert answer.headers["Content-Type"] == media
    assert image_of(answer).size == (dataset.Columns, dataset.Rows)


def test_levels_and_defaults(server: ArchiveServer) -> None:
    url = at(CT)
    study, series = url.partition("/series/")[0], url.partition("/instances/")[0]
    pictures = [image_of(server.get(f"{level}/rendered")) for level in (study, series, url, url + "/frames/1")]
    assert {picture.format for picture in pictures} == {"JPEG"}
    assert len({picture.tobytes() for picture in pictures}) == 1
    assert image_of(server.get(url + "/rendered?accept=image/png", Accept=OCTETS)).format == "PNG"
    assert server.get(url + "/rendered", Accept="text/html").status == 406
    assert server.get(url + "/rendered", Accept="application/dicom, image/png").status == 400
    browser = "text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,*/*;q=0.8"
    assert image_of(server.get(url + "/rendered", Accept=browser)).format == "JPEG"


def test_moving_pictures(server: ArchiveServer) -> None:
    moving = image_of(server.get(at(US) + "/rendered?viewport=64,64", Accept="image/gif"))
    assert (moving.size, moving.is_animated) == ((64, 48), True)
    assert not image_of(server.get(at(US) + "/frames/2/rendered?viewport=64,64", Accept="image/gif")).is_animated
    some = image_of(server.get(at(US) + "/frames/1,9,20/rendered?viewport=64,64", Accept="image/gif"))
    assert some.n_frames == 3
    several = server.get(at(US) + "/frames/1,9/rendered?viewport=64,64", Accept="multipart/related; type=image/png")
    assert [kind for kind, _data in parts_of(several)] == ["image/png", "image/png"]


def test_films(server: ArchiveServer) -> None:
    answer = server.get(at(US) + "/rendered?viewport=64,64", Accept="video/mp4")
    assert (answer.status, answer.headers["Content-Type"]) == (200, "video/mp4"), answer.body
    with av.open(io.BytesIO(answer.body)) as container:
        stream = container.streams.video[0]
        assert stream.codec_context.name in ("vp9", "libvpx-vp9")
        shown = [frame.to_ndarray(format="rgb24").astype(int) for frame in container.decode(stream)]
        dataset = pydicom.dcmread(installed(US), stop_before_pixels=True)
        assert float(container.duration) / 1e6 == pytest.approx(len(shown) * float(dataset.FrameTime) / 1e3, rel=0.1)
    assert len(shown) == dataset.NumberOfFrames
    for number in (1, 17, 30):
        still = np.asarray(image_of(server.get(at(US) + f"/frames/{number}/rendered?viewport=64,64&accept=image/png"))).astype(
            int
        )
        assert np.abs(shown[number - 1] - still).mean() < 6
        assert np.abs(shown[number - 1][:, ::-1] - still).mean() > np.abs(shown[number - 1] - still).mean() * 2
    some = server.get(at(US) + "/frames/1,9,20/rendered?viewport=64,64", Accept="video/mp4")
    with av.open(io.BytesIO(some.body)) as container:
        assert sum(1 for _ in container.decode(video=0)) == 3
    assert server.get(at(CT) + "/rendered", Accept="video/mp4").status == 406, "one image is no film"
    assert server.get(at(US) + "/frames/2/rendered", Accept="video/mp4").status == 406


def test_windows_viewports_and_quality(server: ArchiveServer) -> None:
    url = at(CT) + "/rendered?accept=image/png"
    wide = np.asarray(image_of(server.get(url + "&window=1000,4000,linear")))
    narrow = np.asarray(image_of(server.get(url + "&window=1000,4,sigmoid")))
    assert np.isin(narrow, (0, 255)).mean() > 0.9
    assert len(np.unique(wide)) > 100
    assert image_of(server.get(url + "&viewport=40,80")).size == (40, 40)
    assert image_of(server.get(url + "&viewport=64,64,0,0,64,128")).size == (32, 64)
    mirrored = np.asarray(image_of(server.get(url + "&viewport=128,128,,,-128,")))
    np.testing.assert_array_equal(mirrored, np.asarray(image_of(server.get(url)))[:, ::-1])
    coarse, fine = (len(server.get(at(CT) + f"/rendered?quality={q}").body) for q in (5, 100))
    assert coarse * 4 < fine


@pytest.mark.parametrize("query", [
    "window=1,2", "window=1,2,3", "window=a,2,linear", "window=1,0,linear-exact", "window=1,0.5,linear", "window=nan,2,linear",
    "window=1,inf,linear", "viewport=1", "viewport=0,10", "viewport=10,10,500", "viewport=a,b", "viewport=1,2,3,4,5,6,7",
    "viewport=10,10,0,0,0,0", "quality=0", "quality=101", "quality=x", "quality=5.5", "iccprofile=maybe", "iccprofile=adobergb",
])  # fmt: skip
def test_bad_parameters(server: ArchiveServer, query: str) -> None:
    answer = server.get(at(CT) + "/rendered?" + query)
    assert answer.status == 400, answer.body
    assert answer.json()["message"]


def test_limits_and_warnings(server: ArchiveServer) -> None:
    assert server.get(at(CT) + "/rendered?viewport=9999,9999").status == 413
    odd = server.get(at(CT) + "/rendered?annotation=patient,nonsense")
    assert odd.status == 200
    assert odd.headers["Warning"].startswith("299 http://127.0.0.1:")
    assert "nonsense" in odd.headers["Warning"]


def test_pictures_are_made_once(server: ArchiveServer) -> None:
    url = at(J2K) + "/rendered?viewport=100,100"
    first = server.get(url)
    assert server.get(url).body == first.body
    assert server.get(url, If_None_Match=first.headers["ETag"]).status == 304


def test_thumbnails(server: ArchiveServer) -> None:
    url = at(US)
    for level in (url.partition("/series/")[0], url.partition("/instances/")[0], url, url + "/frames/30"):
        assert image_of(server.get(level + "/thumbnail")).size == (128, 96)
    assert image_of(server.get(url + "/thumbnail?viewport=256%2C256", Accept="image/jpeg")).size == (256, 192)
    assert image_of(server.get(url + "/thumbnail?accept=image%2Fjpeg", Accept=OCTETS)).format == "JPEG"
    assert server.get(url + "/thumbnail?viewport=10,10,1,1,1,1").status == 400


# -- what is no plain image ------------------------------------------------------------------------------------------


def text_item(name: str, value: str) -> Dataset:
    item, code = Dataset(), Dataset()
    code.CodeValue, code.CodingSchemeDesignator, code.CodeMeaning = "1", "99T", name
    item.ValueType, item.ConceptNameCodeSequence, item.TextValue = "TEXT", Sequence([code]), value
    return item


def without_pixels(sop_class: str, **attributes: object) -> Dataset:
    dataset = make_dataset(**attributes)
    for keyword in ("Rows", "Columns", "SamplesPerPixel", "PhotometricInterpretation", "BitsAllocated", "BitsStored", "HighBit",
                    "PixelRepresentation", "PixelData"):  # fmt: skip
        delattr(dataset, keyword)
    dataset.SOPClassUID = sop_class
    return dataset


def test_reports(server: ArchiveServer) -> None:
    report = without_pixels("1.2.840.10008.5.1.4.1.1.88.11", Modality="SR")
    report.ValueType = "CONTAINER"
    report.ConceptNameCodeSequence = text_item("Finding list", "").ConceptNameCodeSequence
    report.ContentSequence = Sequence([text_item("Finding", "no <script>alert(1)</script>")])
    assert server.store(part10(report)).status == 200
    page = server.get(path_of(report) + "/rendered", Accept="text/html")
    assert page.headers["Content-Type"] == "text/html; charset=utf-8"
    assert "sandbox" in page.headers["Content-Security-Policy"]
    assert b"<li><b>Finding</b>: no &lt;script&gt;" in page.body
    plain = server.get(path_of(report) + "/rendered", Accept="text/plain")
    assert "Finding: no <script>" in plain.body.decode()
    model = server.get(path_of(report) + "/rendered", Accept="text/xml")
    assert b"<NativeDicomModel" in model.body
    uids = (report.StudyInstanceUID, report.SeriesInstanceUID, report.SOPInstanceUID)
    uri = "/dicom?requestType=WADO&studyUID={}&seriesUID={}&objectUID={}".format(*uids)
    assert server.get(uri).body == page.body
    assert server.get(uri + "&contentType=text/plain").body == plain.body
    assert server.get(uri + "&contentType=application/dicom").body[128:132] == b"DICM"
    assert image_of(server.get(path_of(report) + "/thumbnail?viewport=96,64")).size == (64, 64)
    assert server.get(path_of(report) + "/frames/1").status == 404
    assert server.get(path_of(report) + "/rendered", Accept="image/jpeg").status == 406


def test_encapsulated_documents(server: ArchiveServer) -> None:
    document = without_pixels("1.2.840.10008.5.1.4.1.1.104.1", Modality="DOC")
    document.EncapsulatedDocument, document.MIMETypeOfEncapsulatedDocument = (
        b"%PDF-1.4 " + b"x" * 4998 + b"\0",
        "application/pdf",
    )
    assert server.store(part10(document)).status == 200
    browser = "text/html,application/xhtml+xml,application/xml;q=0.9,image/webp,*/*;q=0.8"
    answer = server.get(path_of(document) + "/rendered", Accept=browser)
    assert answer.headers["Content-Type"] == "application/pdf"
    assert answer.body == document.EncapsulatedDocument
    assert server.get(path_of(document) + "/rendered", Accept="application/pdf", Range="bytes=0-7").body == b"%PDF-1.4"


def test_videos_are_handed_out_as_they_are(server: ArchiveServer) -> None:
    stream = b"\0\0\0\x18ftypmp42" + bytes(range(256)) * 40
    video = make_dataset(
        NumberOfFrames=250, SOPClassUID="1.2.840.10008.5.1.4.1.1.77.1.4.1", BitsAllocated=8, BitsStored=8, HighBit=7
    )
    video.SamplesPerPixel, video.PhotometricInterpretation, video.PlanarConfiguration = 3, "YBR_PARTIAL_420", 0
    video.PixelData = pydicom.encaps.encapsulate([stream])
    video["PixelData"].VR, video["PixelData"].is_undefined_length = "OB", True
    video.file_meta.TransferSyntaxUID = "1.2.840.10008.1.2.4.102"
    assert server.store(part10(video)).status == 200
    answer = server.get(path_of(video) + "/rendered", Accept="video/mp4, */*;q=0.5")
    assert (answer.status, answer.headers["Content-Type"], answer.body) == (200, "video/mp4", stream)
    part = server.get(path_of(video) + "/rendered", Range="bytes=4-7")
    assert (part.status, part.body) == (206, b"ftyp")
    frame = server.get(path_of(video) + "/frames/1", Accept="video/mp4; transfer-syntax=*")
    assert frame.body == stream
    assert server.get(path_of(video) + "/frames/2", Accept="*/*").status == 404
    assert image_of(server.get(path_of(video) + "/thumbnail")).size == (128, 128)
    assert server.get(path_of(video) + "/rendered", Accept="image/png").status == 406


def test_presentation_states(server: ArchiveServer) -> None:
    image = pydicom.dcmread(installed(CT))
    named, series = Dataset(), Dataset()
    named.ReferencedSOPClassUID, named.ReferencedSOPInstanceUID = image.SOPClassUID, image.SOPInstanceUID
    series.SeriesInstanceUID, series.ReferencedImageSequence = image.SeriesInstanceUID, Sequence([named])
    state = without_pixels("1.2.840.10008.5.1.4.1.1.11.1", study=image.StudyInstanceUID, series=generate_uid(), Modality="PR")
    state.ReferencedSeriesSequence, state.PresentationLUTShape = Sequence([series]), "INVERSE"
    state.ImageRotation, state.ImageHorizontalFlip = 90, "N"
    assert server.store(part10(state)).status == 200
    plain = np.asarray(image_of(server.get(at(CT) + "/rendered", Accept="image/png")))
    shown = np.asarray(image_of(server.get(path_of(state) + "/rendered", Accept="image/png")))
    np.testing.assert_allclose(shown, 255 - np.rot90(plain, -1).astype(int), atol=1)
    assert server.get(path_of(state) + "/rendered?window=1,2,linear").status == 400
    uids = f"&presentationUID={state.SOPInstanceUID}&presentationSeriesUID={state.SeriesInstanceUID}&contentType=image/png"
    by_uri = np.asarray(image_of(server.get(wado(CT) + uids)))
    np.testing.assert_array_equal(by_uri, shown)
    assert server.get(wado(MR) + uids).status == 404


# -- WADO-URI --------------------------------------------------------------------------------------------------------


def wado(name: str) -> str:
    dataset = pydicom.dcmread(installed(name), stop_before_pixels=True)
    uids = (dataset.StudyInstanceUID, dataset.SeriesInstanceUID, dataset.SOPInstanceUID)
    return "/dicom?requestType=WADO&studyUID={}&seriesUID={}&objectUID={}".format(*uids)


def test_files_by_uri(server: ArchiveServer) -> None:
    multipart = "multipart/related; type=application/octet-stream; transfer-syntax=*"
    for query, syntax in (("", LE), ("&transferSyntax=*", "1.2.840.10008.1.2.5"),
                          ("&transferSyntax=1.2.840.10008.1.2.4.90", "1.2.840.10008.1.2.4.90")):  # fmt: skip
        answer = server.get(wado(RLE) + "&contentType=application/dicom" + query, Accept=multipart)
        assert answer.headers["Content-Type"] == f"application/dicom; transfer-syntax={syntax}"
        found = pydicom.dcmread(BytesIO(answer.body))
        assert found.file_meta.TransferSyntaxUID == syntax
        np.testing.assert_array_equal(found.pixel_array, pydicom.dcmread(installed(RLE)).pixel_array)
    assert server.get(wado(RLE) + "&contentType=application/dicom&transferSyntax=1.2.840.10008.1.2.4.50").status == 406
    assert server.get(wado(RLE) + "&contentType=application/dicom&anonymize=yes").status == 400
    as_stored = server.get(wado(MR) + "&contentType=application/dicom&transferSyntax=*")
    assert pydicom.dcmread(BytesIO(as_stored.body)).file_meta.TransferSyntaxUID == LE


def test_pictures_by_uri(server: ArchiveServer) -> None:
    assert image_of(server.get(wado(CT))).format == "JPEG"
    assert image_of(server.get(wado(CT).replace("/dicom?", "/dicom/wado?") + "&contentType=image/png")).format == "PNG"
    assert image_of(server.get(wado(CT), Accept="image/png")).format == "PNG"
    assert image_of(server.get(wado(US) + "&rows=60")).size == (80, 60)
    assert image_of(server.get(wado(US) + "&columns=40&rows=40")).size == (40, 30)
    assert image_of(server.get(wado(US) + "&region=0.5,0,1,0.5")).size == (160, 120)
    window = server.get(wado(CT) + "&contentType=image/png&windowCenter=1000&windowWidth=4000")
    same = server.get(at(CT) + "/rendered?window=1000,4000,linear", Accept="image/png")
    assert window.body == same.body
    first, ninth = (server.get(wado(US) + f"&frameNumber={n}").body for n in (1, 9))
    assert first != ninth
    film = server.get(wado(US) + "&contentType=video/mp4&rows=60")
    assert (film.status, film.headers["Content-Type"]) == (200, "video/mp4")
    assert server.get(wado(CT) + "&contentType=video/mp4").status == 406


@pytest.mark.parametrize(("query", "status"), [
    ("frameNumber=0", 400), ("frameNumber=1,2", 400), ("frameNumber=31", 404), ("windowCenter=1", 400), ("windowWidth=1", 400),
    ("windowCenter=1&windowWidth=0", 400), ("rows=0", 400), ("rows=x", 400), ("region=0,0,1", 400), ("region=0,0,0,1", 400),
    ("region=0,0,2,1", 400), ("imageQuality=0", 400), ("presentationUID=1.2", 400), ("contentType=text/html", 406),
    ("presentationUID=1.2&presentationSeriesUID=1.3", 404),
])  # fmt: skip
def test_bad_parameters_by_uri(server: ArchiveServer, query: str, status: int) -> None:
    assert server.get(f"{wado(US)}&{query}").status == status


def test_uris_that_name_nothing(server: ArchiveServer) -> None:
    assert server.get("/dicom?requestType=WADO").status == 400
    assert server.get(wado(CT).replace("seriesUID", "series")).status == 400
    assert server.get(wado(CT) + "1").status == 404
    assert server.get(wado(CT) + quote("/..")).status == 400


# -- broken images ---------------------------------------------------------------------------------------------------


def test_broken_pixels_give_a_reason_and_harm_nobody(server: ArchiveServer) -> None:
    short = make_dataset(PixelData=b"\0" * 100)
    liar = make_dataset()
    liar.PixelData = pydicom.encaps.encapsulate([b"\xff\xd8\xff\xe0nonsense"])
    liar["PixelData"].is_undefined_length = True
    liar.file_meta.TransferSyntaxUID = "1.2.840.10008.1.2.4.50"
    for broken in (short, liar):
        stored = server.store(part10(broken))
        if stored.status != 200:
            continue  # refused at the door is as good
        for rest in ("/frames/1", "/rendered", "/thumbnail"):
            answer = server.get(path_of(broken) + rest)
            assert answer.status == 422, (rest, answer.body)
            assert answer.json()["message"]
    good = make_instance()
    assert server.store(good).status == 200
    assert server.get(path_of(pydicom.dcmread(BytesIO(good))) + "/rendered").status == 200
