"""What is sent for paths below /browse: files in a coding the client takes, the index for pages, nothing from elsewhere."""

from __future__ import annotations

import gzip
from pathlib import Path

import pytest

from backend.api.ohif.files import find


@pytest.fixture
def root(tmp_path: Path) -> Path:
    folder = tmp_path / "browse"
    (folder / "assets").mkdir(parents=True)
    for name in ("index.html", "app.bundle.0123456789abcdef.js", "app-config.js", "0123456789abcdef.wasm"):
        (folder / f"{name}.gz").write_bytes(gzip.compress(name.encode()))
        (folder / f"{name}.br").write_bytes(b"brotli")
    (folder / "assets" / "favicon.ico").write_bytes(b"icon")
    (folder / ".made-of").write_text("digest")
    (tmp_path / "secret.txt").write_text("secret")
    return folder


@pytest.mark.parametrize(
    ("accept", "name", "encoding"),
    [
        ("gzip, deflate, br, zstd", "index.html.br", "br"),
        ("gzip, deflate", "index.html.gz", "gzip"),
        ("br;q=0, gzip", "index.html.gz", "gzip"),
        ("", "index.html.gz", "inflate"),
        ("identity", "index.html.gz", "inflate"),
    ],
)
def test_codings(root: Path, accept: str, name: str, encoding: str) -> None:
    found = find(root, "", accept)
    assert found is not None
    assert (found.path.name, found.encoding, found.media, found.varies) == (name, encoding, "text/html", True)


@pytest.mark.parametrize("path", ["", "viewer", "viewer/", "segmentation", "some/where", "viewer.0"])
def test_pages_of_the_viewer_are_its_index(root: Path, path: str) -> None:
    found = find(root, path, "gzip")
    assert found is not None
    assert found.path.name == "index.html.gz"


def test_types_and_how_long_they_are_kept(root: Path) -> None:
    def kinds(path: str) -> tuple[str, bool]:
        found = find(root, path, "br")
        assert found is not None
        return found.media, found.for_ever

    assert kinds("app.bundle.0123456789abcdef.js") == ("text/javascript", True)
    assert kinds("0123456789abcdef.wasm") == ("application/wasm", True)
    assert kinds("app-config.js") == ("text/javascript", False)
    assert kinds("index.html") == ("text/html", False)


@pytest.mark.parametrize("path", ["gone.js", "assets/gone.png", "../secret.txt", "assets/../../secret.txt", "/etc/passwd.txt"])
def test_nothing(root: Path, path: str) -> None:
    assert find(root, path, "gzip") is None


@pytest.mark.parametrize("path", [".made-of", "../secret", "..", "assets"])
def test_what_is_no_file_of_it_is_a_page(root: Path, path: str) -> None:
    found = find(root, path, "gzip")
    assert found is not None
    assert found.path.name == "index.html.gz"


def test_without_the_package(tmp_path: Path) -> None:
    assert find(tmp_path / "none", "", "gzip") is None
