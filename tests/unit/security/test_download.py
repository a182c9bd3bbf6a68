"""Names and checksums of what is downloaded."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest

from backend.errors import BadRequestError, ForbiddenError, UnreadableError
from backend.security.download import file_name_of, parse_checksum, require_checksum
from backend.security.paths import require_allowed


@pytest.mark.parametrize(
    ("url", "name"),
    [
        ("http://h/a/x.seg.nrrd", "x.seg.nrrd"), ("http://h/x.nii.gz?token=1/2", "x.nii.gz"), ("http://h/", "download"),
        ("http://h/..%2F..%2Fetc%2Fx.nrrd", "x.nrrd"), ("http://h/.hidden", "hidden"), ("http://h/a%00b;c.nrrd", "a_b_c.nrrd"),
        ("http://h/" + "a" * 400 + ".seg.nrrd", "a" * 191 + ".seg.nrrd"),
    ],
)  # fmt: skip
def test_names(url: str, name: str) -> None:
    assert file_name_of(url) == name


@pytest.mark.parametrize(
    "text", ["", "SHA256", "SHA256:", "SHA256:00", "SHA1:" + "0" * 40, "SHA256:" + "g" * 64, "MD5:" + "0" * 33]
)
def test_what_is_no_checksum(text: str) -> None:
    with pytest.raises(BadRequestError, match="invalid checksum"):
        parse_checksum(text)


@pytest.mark.parametrize("name", ["SHA256", "SHA512", "MD5", "sha256"])
def test_checksums(tmp_path: Path, name: str) -> None:
    (tmp_path / "x").write_bytes(b"content")
    digest = hashlib.new(name.lower(), b"content").hexdigest()
    require_checksum(tmp_path / "x", f"{name}:{digest.upper()}")
    (tmp_path / "x").write_bytes(b"other")
    with pytest.raises(UnreadableError, match=digest):
        require_checksum(tmp_path / "x", f"{name}:{digest}")


def test_paths_that_are_none(tmp_path: Path) -> None:
    (tmp_path / "a").symlink_to(tmp_path / "b")
    (tmp_path / "b").symlink_to(tmp_path / "a")
    for path in ("a\0b", str(tmp_path / "a" / "x"), f"{tmp_path}/../x", "a" * 5000):
        with pytest.raises(ForbiddenError):
            require_allowed(path, [tmp_path])
    assert require_allowed(f"{tmp_path}/./c/../d", [tmp_path]) == tmp_path.resolve() / "d"
