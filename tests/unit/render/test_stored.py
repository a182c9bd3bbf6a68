"""Pictures of stored images: windows, tables and colours as pydicom has them, places and turns as PS3.18 says."""

from __future__ import annotations

import io
from dataclasses import replace
from pathlib import Path

import numpy as np
import pydicom
import pytest
from PIL import Image
from pydicom.dataset import Dataset
from pydicom.pixels import apply_modality_lut, apply_voi_lut, pixel_array
from pydicom.pixels.processing import apply_color_lut, convert_color_space
from pydicom.sequence import Sequence

from backend.dicom.display import display_of
from backend.dicom.window import Window
from backend.errors import BadRequestError, NotFoundError, TooLargeError, UnreadableError
from backend.render.stored.grey import to_grey
from backend.render.stored.look import Look, Viewport
from backend.render.stored.pictures import draw, moving_picture, picture
from backend.render.stored.words import sign
from tests.unit.dicom.test_codecs import installed

PNG = Look(media="image/png")


def saved(dataset: Dataset, folder: Path, name: str = "image.dcm") -> Path:
    path = folder / name
    dataset.save_as(path, enforce_file_format=True)
    return path


def small(values: np.ndarray, **attributes: object) -> Dataset:
    """A grey image of these values."""
    dataset = pydicom.dcmread(installed("CT_small.dcm"))
    for keyword in ("PixelPaddingValue", "WindowCenter", "WindowWidth", "DataSetTrailingPadding"):
        if keyword in dataset:
            delattr(dataset, keyword)
    dataset.Rows, dataset.Columns = values.shape[-2:] if values.shape[-1] != 3 else values.shape[-3:-1]
    dataset.BitsAllocated = dataset.BitsStored = values.dtype.itemsize * 8
    dataset.HighBit = dataset.BitsStored - 1
    dataset.PixelRepresentation = int(values.dtype.kind == "i")
    dataset.RescaleSlope, dataset.RescaleIntercept = 1, 0
    dataset.PixelSpacing = [1, 1]
    dataset.PixelData = values.tobytes()
    for keyword, value in attributes.items():
        setattr(dataset, keyword, value)
    return dataset


def by_pydicom(dataset: Dataset, values: np.ndarray) -> np.ndarray:
    """Grey of 8 bits by pydicom's transformations."""
    modality = apply_modality_lut(values, dataset)
    shown = apply_voi_lut(modality, dataset)
    slope = float(dataset.get("RescaleSlope", 1))
    intercept = float(dataset.get("RescaleIntercept", 0))
    if "VOILUTSequence" in dataset and "WindowCenter" not in dataset:
        return shown / ((1 << dataset.VOILUTSequence[0].LUTDescriptor[2]) - 1) * 255
    if dataset.PixelRepresentation:
        lowest, highest = -(1 << dataset.BitsStored - 1), (1 << dataset.BitsStored - 1) - 1
    else:
        lowest, highest = 0, (1 << dataset.BitsStored) - 1
    lowest, highest = lowest * slope + intercept, highest * slope + intercept
    return (shown - lowest) / (highest - lowest) * 255


@pytest.mark.filterwarnings("ignore:overflow")
@pytest.mark.parametrize("function", ["LINEAR", "LINEAR_EXACT", "SIGMOID"])
@pytest.mark.parametrize(("center", "width"), [(40, 400), (-300.5, 1), (1024, 4096), (0, 333.25)])
@pytest.mark.parametrize("signed", [True, False])
def test_windows_are_those_of_pydicom(function: str, center: float, width: float, signed: bool) -> None:
    values = np.arange(-32768, 32768, 16, dtype=np.int32).astype(np.int16).reshape(64, 64)
    values = values if signed else values.view(np.uint16)
    dataset = small(
        values, WindowCenter=center, WindowWidth=width, VOILUTFunction=function, RescaleSlope=2, RescaleIntercept=-1024
    )
    grey = to_grey(values, display_of(dataset))
    wanted = by_pydicom(dataset, values)
    assert np.abs(grey.astype(float) - wanted).max() <= 0.51


@pytest.mark.filterwarnings("ignore:Applying a VOI LUT")
def test_tables_are_those_of_pydicom() -> None:
    values = np.arange(0, 4096, dtype=np.uint16).reshape(64, 64)
    voi = Dataset()
    voi.LUTDescriptor = [1000, 500, 12]
    voi.LUTData = (4095 * np.linspace(0, 1, 1000) ** 2).astype("<u2").tolist()
    voi["LUTData"].VR = "US"
    dataset = small(values, VOILUTSequence=Sequence([voi]))
    np.testing.assert_allclose(to_grey(values, display_of(dataset)), by_pydicom(dataset, values), atol=0.51)
    modality = Dataset()
    modality.LUTDescriptor, modality.ModalityLUTType = [4096, 0, 16], "US"
    modality.LUTData = (np.arange(4096)[::-1] * 3).astype("<u2").tolist()
    modality["LUTData"].VR = "US"
    turned = small(values, ModalityLUTSequence=Sequence([modality]))
    grey = to_grey(values, display_of(turned))
    assert grey[0, 0] == 255
    assert grey[-1, -1] == 0


def test_without_a_window_all_values_but_padding_are_shown() -> None:
    values = np.array([[-2000, 0], [50, 100]], np.int16)
    display = display_of(small(values, PixelPaddingValue=-2000))
    assert to_grey(values, display).tolist() == [[0, 0], [128, 255]]
    assert to_grey(values, display_of(small(values))).tolist() == [[0, 243], [249, 255]]
    assert to_grey(np.full((2, 2), 7, np.uint8), display).max() == 0
    assert to_grey(np.array([[np.nan, 0.0, 2.0]], np.float32), display).tolist() == [[0, 0, 255]]


MONOCHROME1, INVERSE = {"PhotometricInterpretation": "MONOCHROME1"}, {"PresentationLUTShape": "INVERSE"}


@pytest.mark.parametrize("attributes", [MONOCHROME1, INVERSE, MONOCHROME1 | INVERSE])
def test_inverted_images_have_low_values_bright(attributes: dict[str, str]) -> None:
    values = np.array([[0, 10], [20, 30]], np.uint8)
    assert to_grey(values, display_of(small(values, **attributes))).tolist() == [[255, 170], [85, 0]]


def test_frames_have_windows_of_their_own(tmp_path: Path) -> None:
    values = np.tile(np.arange(16, dtype=np.uint16).reshape(4, 4), (2, 1, 1))
    dataset = small(values, NumberOfFrames=2)
    del dataset.RescaleSlope, dataset.RescaleIntercept
    frames = []
    for center, slope in ((4, 1), (24, 2)):
        window, rescale, item = Dataset(), Dataset(), Dataset()
        window.WindowCenter, window.WindowWidth, window.VOILUTFunction = center, 8, "LINEAR_EXACT"
        rescale.RescaleSlope, rescale.RescaleIntercept, rescale.RescaleType = slope, 0, "US"
        item.FrameVOILUTSequence = Sequence([window])
        item.PixelValueTransformationSequence = Sequence([rescale])
        frames.append(item)
    dataset.PerFrameFunctionalGroupsSequence = Sequence(frames)
    path = saved(dataset, tmp_path)
    first, second = draw(path, 0, PNG), draw(path, 1, PNG)
    assert first.ravel()[[0, 4, 8, 15]].tolist() == [0, 128, 255, 255]
    assert second.ravel()[[0, 10, 12, 14, 15]].tolist() == [0, 0, 128, 255, 255]


def test_maps_of_real_numbers(tmp_path: Path) -> None:
    dataset = small(np.zeros((2, 2), np.uint16))
    for keyword in ("PixelData", "BitsStored", "HighBit", "PixelRepresentation"):
        delattr(dataset, keyword)
    dataset.BitsAllocated, dataset.FloatPixelData = 32, np.array([[0.5, 1.0], [1.5, 2.5]], "<f4").tobytes()
    assert draw(saved(dataset, tmp_path), 0, PNG).tolist() == [[0, 64], [128, 255]]


# -- colour ----------------------------------------------------------------------------------------------------------


def test_palettes_are_those_of_pydicom() -> None:
    path = installed("examples_palette.dcm")
    dataset = pydicom.dcmread(path)
    wanted = apply_color_lut(dataset.pixel_array, dataset).astype(float) / 257
    assert np.abs(draw(path, 0, PNG) - wanted).max() <= 0.51


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("name", ["examples_ybr_color.dcm", "SC_rgb_jpeg_dcmtk.dcm", "SC_ybr_full_422_uncompressed.dcm",
                                  "examples_jpeg2k.dcm", "SC_rgb_jpeg_gdcm.dcm", "ExplVR_BigEnd.dcm"])  # fmt: skip
def test_colours_are_those_of_pydicom(name: str) -> None:
    path = installed(name)
    dataset = pydicom.dcmread(path)
    values = pixel_array(dataset, raw=True, index=0)
    if str(dataset.PhotometricInterpretation).startswith("YBR_F"):
        values = convert_color_space(values, "YBR_FULL", "RGB")
    assert np.abs(draw(path, 0, PNG).astype(int) - values).max() <= 1


def test_samples_of_sixteen_bits_become_eight() -> None:
    path = installed("SC_rgb_rle_16bit.dcm")
    wanted = pixel_array(path, raw=True) / 257
    assert np.abs(draw(path, 0, PNG) - wanted).max() <= 0.51


# -- places ----------------------------------------------------------------------------------------------------------


@pytest.fixture
def corner(tmp_path: Path) -> Path:
    """20 rows × 40 columns, bright in the top left quarter only."""
    values = np.zeros((20, 40), np.uint8)
    values[:10, :20] = 200
    return saved(small(values), tmp_path)


def quarters(pixels: np.ndarray) -> list[bool]:
    """Which quarters are bright: top left, top right, bottom left, bottom right."""
    h, w = pixels.shape[0] // 2, pixels.shape[1] // 2
    return [bool(part.mean() > 200) for part in (pixels[:h, :w], pixels[:h, w:], pixels[h:, :w], pixels[h:, w:])]


N = None


@pytest.mark.parametrize(
    ("viewport", "size", "bright"),
    [
        (None, (20, 40), [True, False, False, False]),
        (Viewport(80, 80), (40, 80), [True, False, False, False]),
        (Viewport(10, 100), (5, 10), [True, False, False, False]),
        (Viewport(40, 20, (N, N, -40.0, N)), (20, 40), [False, True, False, False]),
        (Viewport(40, 20, (N, N, N, -20.0)), (20, 40), [False, False, True, False]),
        (Viewport(40, 20, (0.0, 0.0, -40.0, -20.0)), (20, 40), [False, False, False, True]),
        (Viewport(40, 20, (0.0, 0.0, 20.0, 10.0)), (20, 40), [True, True, True, True]),
        (Viewport(40, 20, (20.0, 0.0, 20.0, 10.0)), (20, 40), [False, False, False, False]),
        (Viewport(20, 20, (10.0, 0.0, 20.0, 10.0)), (10, 20), [True, False, True, False]),
    ],
)
def test_viewports(corner: Path, viewport: Viewport | None, size: tuple[int, int], bright: list[bool]) -> None:
    drawn = draw(corner, 0, replace(PNG, viewport=viewport))
    assert drawn.shape == size
    assert quarters(drawn) == bright


@pytest.mark.parametrize("region", [(50.0, N, N, N), (N, 20.0, N, N), (0.0, 0.0, 0.0, 5.0), (-1.0, N, N, N)])
def test_regions_outside_the_image_are_refused(corner: Path, region: tuple) -> None:
    with pytest.raises(BadRequestError, match="outside the image of 40 × 20"):
        draw(corner, 0, replace(PNG, viewport=Viewport(10, 10, region)))


def test_pixels_that_are_not_square_are_stretched(tmp_path: Path) -> None:
    values = np.zeros((20, 40), np.uint8)
    assert draw(saved(small(values, PixelSpacing=[2, 1]), tmp_path, "a.dcm"), 0, PNG).shape == (40, 40)
    assert draw(saved(small(values, PixelSpacing=[0.5, 1]), tmp_path, "b.dcm"), 0, PNG).shape == (20, 80)
    tall = saved(small(values, PixelAspectRatio=[4, 1]), tmp_path, "c.dcm")
    assert draw(tall, 0, replace(PNG, viewport=Viewport(100, 100))).shape == (100, 50)


def test_pictures_have_a_limit(corner: Path) -> None:
    with pytest.raises(TooLargeError, match="max_pixels"):
        draw(corner, 0, replace(PNG, viewport=Viewport(1000, 1000), most_pixels=1000))


# -- files -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("media", ["image/png", "image/jpeg", "image/gif", "image/jp2"])
def test_every_media_type_is_what_it_says(corner: Path, media: str) -> None:
    image = Image.open(io.BytesIO(picture(corner, 0, Look(media=media))))  # type: ignore[arg-type]
    assert Image.MIME[image.format or ""].replace("jpx", "jp2") == media
    assert image.size == (40, 20)
    assert image.convert("L").getpixel((3, 3)) > 240
    assert image.convert("L").getpixel((30, 15)) < 15


def test_quality_matters() -> None:
    path = installed("CT_small.dcm")
    assert len(picture(path, 0, Look(quality=10))) < len(picture(path, 0, Look(quality=95))) / 3


def test_a_window_of_the_request_goes_before_that_of_the_file(corner: Path) -> None:
    narrow = draw(corner, 0, replace(PNG, window=Window(1000, 10)))
    assert narrow.max() == 0


def test_moving_pictures_have_all_frames_at_the_right_speed() -> None:
    path = installed("examples_ybr_color.dcm")
    image = Image.open(io.BytesIO(moving_picture(path, Look(media="image/gif", viewport=Viewport(80, 80)))))
    assert image.size == (80, 60)
    total = 0.0
    for number in range(image.n_frames):  # frames that are alike are one that is shown for longer
        image.seek(number)
        total += image.info["duration"]
    assert total == pytest.approx(30 * float(pydicom.dcmread(path).FrameTime), rel=0.2)
    with pytest.raises(TooLargeError, match="30 frames"):
        moving_picture(path, Look(media="image/gif", most_frames=29))
    with pytest.raises(NotFoundError, match="the image has 30"):
        picture(path, 30, PNG)


def test_overlays_are_drawn_when_asked_for() -> None:
    path = installed("examples_overlay.dcm")
    plain, drawn = draw(path, 0, PNG), draw(path, 0, replace(PNG, overlays=True))
    mask = pydicom.dcmread(path).overlay_array(0x6000).astype(bool)
    assert mask.any()
    assert (drawn[mask] == 255).all()
    np.testing.assert_array_equal(drawn[~mask], plain[~mask])


def test_words_are_burnt_in_only_when_asked_for() -> None:
    path = installed("CT_small.dcm")
    look = replace(PNG, viewport=Viewport(512, 512))
    plain = draw(path, 0, look)
    patient = draw(path, 0, replace(look, annotation=("patient",)))
    assert (plain[:200] != patient[:200]).any()
    np.testing.assert_array_equal(plain[300:], patient[300:])
    technique = draw(path, 0, replace(look, annotation=("technique",)))
    np.testing.assert_array_equal(plain[:200], technique[:200])
    assert (plain[300:] != technique[300:]).any()


def test_what_has_no_pixels_says_so(tmp_path: Path) -> None:
    dataset = pydicom.dcmread(installed("CT_small.dcm"))
    del dataset.PixelData
    with pytest.raises(UnreadableError, match="no pixels"):
        picture(saved(dataset, tmp_path), 0, PNG)
    assert sign("SR", 128).shape == (128, 128)


def test_colour_profiles_are_kept_or_left_out(tmp_path: Path) -> None:
    from PIL import ImageCms

    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    dataset = pydicom.dcmread(installed("SC_rgb_rle.dcm"))
    dataset.ICCProfile = profile
    path = saved(dataset, tmp_path)
    for media in ("image/png", "image/jpeg"):
        assert "icc_profile" not in Image.open(io.BytesIO(picture(path, 0, Look(media=media)))).info  # type: ignore[arg-type]
        kept = Image.open(io.BytesIO(picture(path, 0, Look(media=media, profile="yes"))))  # type: ignore[arg-type]
        assert kept.info["icc_profile"] == profile + b"\0" * (len(profile) % 2)
    assert np.abs(draw(path, 0, replace(PNG, profile="srgb")).astype(int) - draw(path, 0, PNG)).max() <= 2
    with pytest.raises(BadRequestError):
        picture(path, 0, Look(media="image/gif", profile="yes"))


# -- presentation states ---------------------------------------------------------------------------------------------


def state_for(path: Path, folder: Path, **attributes: object) -> Path:
    image = pydicom.dcmread(path)
    named, series, state = Dataset(), Dataset(), Dataset()
    named.ReferencedSOPClassUID, named.ReferencedSOPInstanceUID = image.SOPClassUID, image.SOPInstanceUID
    series.SeriesInstanceUID, series.ReferencedImageSequence = image.SeriesInstanceUID, Sequence([named])
    state.SOPClassUID, state.SOPInstanceUID = "1.2.840.10008.5.1.4.1.1.11.1", "1.2.3.4"
    state.ReferencedSeriesSequence = Sequence([series])
    state.PresentationLUTShape = "IDENTITY"
    for keyword, value in attributes.items():
        setattr(state, keyword, value)
    state.file_meta = pydicom.dataset.FileMetaDataset()
    state.file_meta.TransferSyntaxUID = "1.2.840.10008.1.2.1"
    return saved(state, folder, "state.dcm")


@pytest.mark.parametrize(
    ("attributes", "size", "bright"),
    [
        ({}, (20, 40), [True, False, False, False]),
        ({"PresentationLUTShape": "INVERSE"}, (20, 40), [False, True, True, True]),
        ({"ImageHorizontalFlip": "Y"}, (20, 40), [False, True, False, False]),
        ({"ImageRotation": 90}, (40, 20), [False, True, False, False]),
        ({"ImageRotation": 180}, (20, 40), [False, False, False, True]),
        ({"ImageRotation": 270}, (40, 20), [False, False, True, False]),
        ({"ImageRotation": 90, "ImageHorizontalFlip": "Y"}, (40, 20), [True, False, False, False]),
    ],
)
def test_states_turn_and_invert(
    corner: Path, tmp_path: Path, attributes: dict[str, object], size: tuple[int, int], bright: list[bool]
) -> None:
    state = state_for(corner, tmp_path, ImageRotation=attributes.pop("ImageRotation", 0), **attributes)
    drawn = draw(corner, 0, replace(PNG, state=state))
    assert drawn.shape == size
    assert quarters(drawn) == bright


def test_states_have_windows_areas_shutters_and_graphics(corner: Path, tmp_path: Path) -> None:
    window, area = Dataset(), Dataset()
    window.WindowCenter, window.WindowWidth = 100, 10
    area.DisplayedAreaTopLeftHandCorner, area.DisplayedAreaBottomRightHandCorner = [1, 1], [20, 10]
    shown = draw(corner, 0, replace(PNG, state=state_for(corner, tmp_path, SoftcopyVOILUTSequence=Sequence([window]))))
    assert sorted(np.unique(shown)) == [0, 255]
    cut = draw(corner, 0, replace(PNG, state=state_for(corner, tmp_path, DisplayedAreaSelectionSequence=Sequence([area]))))
    assert cut.shape == (10, 20)
    assert cut.min() == 255
    shutter = {"ShutterShape": "RECTANGULAR", "ShutterLeftVerticalEdge": 10, "ShutterRightVerticalEdge": 40,
               "ShutterUpperHorizontalEdge": 0, "ShutterLowerHorizontalEdge": 21, "ShutterPresentationValue": 0}  # fmt: skip
    covered = draw(corner, 0, replace(PNG, state=state_for(corner, tmp_path, **shutter)))
    assert covered[0, :10].max() == 0
    assert covered[0, 10] == 255
    graphic, item = Dataset(), Dataset()
    graphic.GraphicAnnotationUnits, graphic.GraphicDimensions, graphic.NumberOfGraphicPoints = "PIXEL", 2, 2
    graphic.GraphicData, graphic.GraphicType, graphic.GraphicFilled = [30.0, 15.0, 38.0, 15.0], "POLYLINE", "N"
    item.GraphicObjectSequence = Sequence([graphic])
    state = state_for(corner, tmp_path, GraphicAnnotationSequence=Sequence([item]), ImageRotation=180)
    drawn = draw(corner, 0, replace(PNG, state=state))
    assert drawn.shape == (20, 40, 3)
    lit = np.argwhere(drawn[:, :, 0] > 200)
    assert (lit[:, 0] < 10).any()  # drawn at the bottom right, turned to the top left
    assert lit[lit[:, 0] < 10][:, 1].max() <= 11


def test_states_about_other_images_are_refused(corner: Path, tmp_path: Path) -> None:
    with pytest.raises(NotFoundError, match="other images"):
        draw(installed("MR_small.dcm"), 0, replace(PNG, state=state_for(corner, tmp_path)))
    with pytest.raises(UnreadableError, match="no softcopy"):
        draw(corner, 0, replace(PNG, state=corner))
