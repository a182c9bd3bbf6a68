"""Files of studies are there only when they are whole and what they should be."""

from __future__ import annotations

import asyncio
from pathlib import Path

import numpy as np
import pytest

from backend.dicom.identify import identify
from backend.errors import BadRequestError, UnreadableError
from backend.peers.study_files import StudyFiles
from tests.support.dicom_phantom import write_series
from tests.support.phantoms import centred

DIMS = (8, 6, 2)


@pytest.fixture
def written(tmp_path: Path) -> list[Path]:
    return write_series(tmp_path / "source", centred(np.eye(3), (2.0, 2.0, 2.0), DIMS), DIMS)


@pytest.fixture
def files(tmp_path: Path) -> StudyFiles:
    return StudyFiles(tmp_path / "studies", tmp_path / "incoming")


async def test_an_instance_is_there_once_it_is_kept(files: StudyFiles, written: list[Path], tmp_path: Path) -> None:
    known = identify(written[0])
    incoming = files.receive(known.study, known.series)
    data = written[0].read_bytes()
    incoming.write(data[:100])
    incoming.write(data[100:])
    assert files.instances(known.study, known.series) == set()
    assert await incoming.keep() == known
    incoming.discard()
    assert files.instances(known.study, known.series) == {known.instance}
    assert files.series_of(known.study) == [known.series]
    assert (files.series_folder(known.study, known.series) / f"{known.instance}.dcm").read_bytes() == data
    assert list((tmp_path / "incoming").iterdir()) == []


async def test_an_instance_of_another_series_or_none_at_all_is_refused(
    files: StudyFiles, written: list[Path], tmp_path: Path
) -> None:
    known = identify(written[0])
    for series, data in (("1.2.3", written[0].read_bytes()), (known.series, b"no DICOM"), (known.series, b"")):
        incoming = files.receive(known.study, series)
        incoming.write(data)
        with pytest.raises(UnreadableError):
            await incoming.keep()
        incoming.discard()
        assert files.instances(known.study, series) == set()
    assert list((tmp_path / "incoming").iterdir()) == []


@pytest.mark.parametrize("uid", ["..", "", "a", "1/2", "1.2\0"])
def test_names_that_are_no_uids_name_no_folders(files: StudyFiles, uid: str) -> None:
    with pytest.raises(BadRequestError):
        files.series_folder("1.2", uid)
    with pytest.raises(BadRequestError):
        files.series_folder(uid, "1.2")
    assert files.series_of(uid) == []


async def test_a_study_is_locked_for_one_at_a_time(files: StudyFiles) -> None:
    order: list[str] = []

    async def work(name: str, study: str) -> None:
        async with files.lock(study):
            order.append(name)
            await asyncio.sleep(0.01)
            order.append(name)

    await asyncio.gather(work("a", "1.2"), work("b", "1.2"))
    assert order in (["a", "a", "b", "b"], ["b", "b", "a", "a"])
