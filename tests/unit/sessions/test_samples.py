"""Where the files of sample data come from: the site's folder, earlier downloads, the store; never damaged."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from backend.config import Settings
from backend.errors import BadRequestError, UnavailableError
from backend.scene.commands import SampleFile
from backend.sessions.samples import SampleStore
from tests.support.sample_store import SampleServer


@pytest.fixture
def server() -> Iterator[SampleServer]:
    found = SampleServer()
    yield found
    found.close()


def quiet(_file: str) -> Callable[[int, int | None], None]:
    return lambda _bytes, _total: None


@pytest.fixture
def make(tmp_path: Path, server: SampleServer) -> Callable[..., SampleStore]:
    def store(**more: Any) -> SampleStore:
        given = {"data": tmp_path / "data", "sample_urls": [server.url], "url_allow_private": True, **more}
        return SampleStore(Settings(**given))

    return store


def file_of(server: SampleServer, tmp_path: Path, name: str = "a.nrrd", content: bytes = b"voxels" * 1000) -> SampleFile:
    path = tmp_path / f"made-{name}"
    path.write_bytes(content)
    return SampleFile(name, f"SHA256:{server.add(path)}", "A", "VolumeFile")


def rest_of(store: SampleStore) -> list[str]:
    return [path.name for path in store.folder.rglob(".part-*")]


async def test_a_file_is_downloaded_once_and_then_kept(
    make: Callable[..., SampleStore], server: SampleServer, tmp_path: Path
) -> None:
    store, file = make(), file_of(server, tmp_path)
    heard: list[tuple[int, int | None]] = []
    [path] = await store.obtain("A", [file], lambda _name: lambda count, total: heard.append((count, total)))
    assert (path.name, path.read_bytes()) == ("a.nrrd", b"voxels" * 1000)
    assert heard[-1] == (6000, 6000)
    assert await make().obtain("A", [file], quiet) == [path]
    assert server.asked == [file.digest]
    assert rest_of(store) == []


async def test_parts_of_a_sample_lie_together_under_their_names(
    make: Callable[..., SampleStore], server: SampleServer, tmp_path: Path
) -> None:
    files = [file_of(server, tmp_path, "dwi.raw.gz", b"1"), file_of(server, tmp_path, "dwi.nhdr", b"2")]
    paths = await make().obtain("DWI", files, quiet)
    assert [path.name for path in paths] == ["dwi.raw.gz", "dwi.nhdr"]
    assert paths[0].parent == paths[1].parent
    other = file_of(server, tmp_path, "dwi.nhdr", b"3")
    assert (await make().obtain("Other", [other], quiet))[0].read_bytes() == b"3"
    assert paths[1].read_bytes() == b"2"


@pytest.mark.parametrize("by", ["name", "hash"])
async def test_the_sites_folder_comes_first(
    make: Callable[..., SampleStore], server: SampleServer, tmp_path: Path, by: str
) -> None:
    file, folder = file_of(server, tmp_path), tmp_path / "site"
    folder.mkdir()
    (folder / (file.file if by == "name" else file.digest)).write_bytes(b"voxels" * 1000)
    [path] = await make(sample_folder=folder, sample_urls=[]).obtain("A", [file], quiet)
    assert (path.name, path.read_bytes()) == ("a.nrrd", b"voxels" * 1000)
    assert server.asked == []


async def test_a_file_put_where_the_error_says_is_found(
    make: Callable[..., SampleStore], server: SampleServer, tmp_path: Path
) -> None:
    file, store = file_of(server, tmp_path), make(sample_urls=[])
    with pytest.raises(UnavailableError, match="switched off") as raised:
        await store.obtain("A", [file], quiet)
    assert f"into {store.folder} as a.nrrd or {file.digest}" in str(raised.value)
    store.folder.mkdir(parents=True, exist_ok=True)
    (store.folder / "a.nrrd").write_bytes(b"voxels" * 1000)
    assert (await store.obtain("A", [file], quiet))[0].read_bytes() == b"voxels" * 1000


async def test_another_file_of_that_name_is_not_taken(
    make: Callable[..., SampleStore], server: SampleServer, tmp_path: Path
) -> None:
    file, folder = file_of(server, tmp_path), tmp_path / "site"
    folder.mkdir()
    (folder / "a.nrrd").write_bytes(b"something else")
    with pytest.raises(UnavailableError, match=r"a\.nrrd has another checksum"):
        await make(sample_folder=folder, sample_urls=[]).obtain("A", [file], quiet)
    [path] = await make(sample_folder=folder).obtain("A", [file], quiet)
    assert path.read_bytes() == b"voxels" * 1000
    assert (folder / "a.nrrd").read_bytes() == b"something else"


async def test_a_damaged_download_is_tried_once_more(
    make: Callable[..., SampleStore], server: SampleServer, tmp_path: Path
) -> None:
    store, file = make(), file_of(server, tmp_path)
    server.damage = 1
    [path] = await store.obtain("A", [file], quiet)
    assert path.read_bytes() == b"voxels" * 1000
    assert len(server.asked) == 2


async def test_a_store_that_keeps_sending_damage_is_given_up(
    make: Callable[..., SampleStore], server: SampleServer, tmp_path: Path
) -> None:
    store, file = make(), file_of(server, tmp_path)
    server.damage = 9
    with pytest.raises(UnavailableError, match="another checksum"):
        await store.obtain("A", [file], quiet)
    assert len(server.asked) == 2
    assert not [path for path in store.folder.rglob("*") if path.is_file()]


async def test_a_damaged_cache_is_fetched_again(make: Callable[..., SampleStore], server: SampleServer, tmp_path: Path) -> None:
    store, file = make(), file_of(server, tmp_path)
    [path] = await store.obtain("A", [file], quiet)
    path.write_bytes(b"rotten")
    assert (await store.obtain("A", [file], quiet))[0].read_bytes() == b"voxels" * 1000


async def test_the_next_store_is_asked_where_one_has_it_not(
    make: Callable[..., SampleStore], server: SampleServer, tmp_path: Path
) -> None:
    other, file = SampleServer(), file_of(server, tmp_path)
    try:
        store = make(sample_urls=[other.url + "/", server.url])
        assert (await store.obtain("A", [file], quiet))[0].is_file()
        assert (other.asked, server.asked) == ([file.digest], [file.digest])
    finally:
        other.close()


async def test_private_addresses_and_limits_hold_here_too(
    make: Callable[..., SampleStore], server: SampleServer, tmp_path: Path
) -> None:
    file = file_of(server, tmp_path)
    with pytest.raises(UnavailableError, match="private address"):
        await make(url_allow_private=False).obtain("A", [file], quiet)
    large = file_of(server, tmp_path, "large.nrrd", b"0" * ((1 << 20) + 1))
    with pytest.raises(UnavailableError, match="can not be had"):
        await make(url_max_mb=1).obtain("A", [large], quiet)
    assert not [path for path in make().folder.rglob("*") if path.is_file()]


async def test_equal_requests_share_one_download(
    make: Callable[..., SampleStore], server: SampleServer, tmp_path: Path
) -> None:
    store, file = make(), file_of(server, tmp_path)
    server.pause_s = 0.2
    found = await asyncio.gather(*(store.obtain("A", [file], quiet) for _ in range(5)))
    assert len({path for [path] in found}) == 1
    assert server.asked == [file.digest]


async def test_a_file_without_checksum_is_fetched_anew(
    make: Callable[..., SampleStore], server: SampleServer, tmp_path: Path
) -> None:
    file, store = file_of(server, tmp_path), make()
    loose = SampleFile("b.nrrd", url=f"{server.url}/{file.digest}")
    await store.obtain("B", [loose], quiet)
    await store.obtain("B", [loose], quiet)
    assert len(server.asked) == 2
    with pytest.raises(BadRequestError):
        await store.obtain("B", [SampleFile("../b.nrrd", url=server.url)], quiet)
