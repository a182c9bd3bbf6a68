"""What workers do with damaged images: a picture, or a reason that can be told, and nothing else."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from backend.archive.drawing import draw_picture, find_bulk, find_frames, readable
from backend.archive.transcoding import transcode_file
from backend.errors import NotFoundError, SlicecastError, UnreadableError
from backend.render.stored.look import Look, Viewport
from tests.unit.dicom.test_codecs import installed

LOOK = Look("image/png", viewport=Viewport(32, 32), overlays=True, annotation=("patient", "technique"))
NAMES = ("CT_small.dcm", "MR_small_RLE.dcm", "examples_overlay.dcm", "SC_rgb_jpeg_dcmtk.dcm", "MR_small_jpeg_ls_lossless.dcm")


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("name", NAMES)
def test_mutated_files_are_shown_or_refused_with_a_reason(tmp_path: Path, name: str) -> None:
    chance = random.Random(7)
    original = installed(name).read_bytes()
    path, target = tmp_path / "mutated.dcm", tmp_path / "target.dcm"
    outcomes = set()
    for _ in range(60):
        mutated = bytearray(original)
        for _ in range(chance.choice((1, 2, 10))):
            mutated[chance.randrange(132, min(len(mutated), 6000))] = chance.randrange(256)
        path.write_bytes(mutated)
        target.unlink(missing_ok=True)
        for work in (
            lambda: draw_picture(path, 0, LOOK),
            lambda: transcode_file(path, "1.2.840.10008.1.2.4.80", target, 1 << 26),
            lambda: find_frames(path),
        ):
            try:
                work()
                outcomes.add("done")
            except SlicecastError as error:
                outcomes.add(bool(str(error)))
    assert outcomes == {"done", True}


def test_faults_of_libraries_are_reasons_and_bugs_stay_bugs() -> None:
    with pytest.raises(UnreadableError, match="ValueError: not so"), readable():
        raise ValueError("not so\nat all")
    with pytest.raises(NotFoundError), readable():
        raise NotFoundError("gone")
    with pytest.raises(NotFoundError, match="deleted"):
        draw_picture(Path("/nowhere/at/all"), 0, LOOK)
    with pytest.raises(RuntimeError), readable():
        raise RuntimeError("a bug")


def test_bulk_data_are_where_they_are_said_to_be() -> None:
    path = installed("examples_palette.dcm")
    bulk = find_bulk(path, (0x00281201,), 1 << 26)
    assert bulk.data is None
    assert bulk.length == 512
    with pytest.raises(NotFoundError):
        find_bulk(path, (0x00281201, 1, 0x00281201), 1 << 26)
