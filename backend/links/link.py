"""What a `slicer:` link says. Reading it touches nothing.

The rules are those of Slicer's DICOM module and of its LoadRemoteFile extension: scheme and action are compared without case,
names of parameters with it; `+` is a plus sign; of repeated study parameters the last counts, of files every one, in order.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Literal
from urllib.parse import SplitResult, quote, unquote, urlsplit

from backend.dicom.identify import is_uid
from backend.errors import BadRequestError
from backend.security.addresses import parse_address

SCHEMES = ("slicer", "web+slicer")  # browsers let pages register the second only
ACTION = "viewer"
LONGEST_LINK = 16384
MOST_FILES = 32
FILE_TYPES: dict[str, str | None] = {
    "download": None,
    "image": "VolumeFile",
    "volume": "VolumeFile",
    "segmentation": "SegmentationFile",
}
ENCODED_ADDRESS = re.compile(r"https?%3a", re.IGNORECASE)
TOKEN = re.compile(r"[\x21-\x7e]{0,8192}\Z")
ADDRESS_CHARACTERS = "%/:?#[]@!$&'()*+,;=~"
TRUE_WORDS = ("true", "yes", "on")


@dataclass(frozen=True)
class Study:
    """A study to fetch. Without `endpoint` it is one that this server has."""

    uid: str
    endpoint: str | None = None
    token: str = ""
    bulk: bool = True

    def __repr__(self) -> str:
        return f"Study({self.uid}, {self.endpoint})"  # without the token, whoever prints it


@dataclass(frozen=True)
class File:
    """A file to fetch and load: Slicer's file type, None to judge by its name, and the name to give it, if any."""

    address: str
    file_type: str | None
    name: str | None = None


@dataclass(frozen=True)
class Link:
    """What is to be opened."""

    study: Study | None = None
    files: tuple[File, ...] = ()
    show_3d: bool = False


def scheme_of(text: str) -> Literal["slicer", "http", ""]:
    """Whether an address is a `slicer:` link, or one to download, or neither."""
    scheme = text.strip().partition(":")[0].lower()
    if scheme in SCHEMES:
        return "slicer"
    return "http" if scheme in ("http", "https") else ""


def parse_link(text: str) -> Link:
    """What a `slicer:` link says.

    Raises:
        BadRequestError: it is none, asks for nothing that is known, or something in it is malformed.
    """
    if len(text) > LONGEST_LINK:
        raise BadRequestError(f"a link has at most {LONGEST_LINK} characters")
    if scheme_of(text) != "slicer":
        raise BadRequestError("this is no slicer: link")
    try:
        parts = urlsplit(text.strip())
    except ValueError as error:
        raise BadRequestError(f"this is no slicer: link: {error}") from error
    action = unquote(parts.netloc).strip().lower()
    if action != ACTION:
        raise BadRequestError(
            f"a slicer: link with the action {action[:40]!r} asks for nothing that is known; there is {ACTION!r}"
        )
    items = _items(parts)
    values = dict(items)
    study, files = _study(values), _files(items, values)
    if study is not None and study.endpoint is None and files:  # no study of another server, and not meant to be one of ours
        study = None
    link = Link(study, files, _is_true(values.get("show3d", "")))
    if link.study is None and not link.files:
        raise BadRequestError(f"the link names neither studyUID with dicomweb_endpoint nor {', '.join(FILE_TYPES)}")
    return link


def _items(parts: SplitResult) -> list[tuple[str, str]]:
    """The query's items in order, decoded once, values without stray blanks."""
    pairs = [item.partition("=") for item in parts.query.split("&") if item]
    return [(unquote(name), unquote(value).strip()) for name, _equals, value in pairs]


def _study(values: dict[str, str]) -> Study | None:
    uid = values.get("studyUID") or values.get("StudyInstanceUID")
    bulk = values.get("bulk_retrieve", "1")
    if not re.fullmatch(r"[+-]?[0-9]{1,9}", bulk):
        raise BadRequestError(f"bulk_retrieve must be an integer, not {bulk[:40]!r}")
    if not uid:
        return None
    endpoint = values.get("dicomweb_endpoint") or None
    return make_study(uid, endpoint, values.get("access_token", ""), int(bulk) > 0)


def make_study(uid: str, endpoint: str | None, token: str = "", bulk: bool = True) -> Study:
    """A study from values that somebody gave.

    Raises:
        BadRequestError: one of them is malformed.
    """
    if not is_uid(uid):
        raise BadRequestError(f"{uid[:80]!r} is no study UID")
    if not TOKEN.match(token):
        raise BadRequestError("the access token has characters that no token has")
    return Study(uid, None if endpoint is None else parse_endpoint(endpoint), token, bulk)


def parse_endpoint(text: str) -> str:
    """Root of a DICOMweb service, without a slash at its end.

    Raises:
        BadRequestError: it is no http(s) address, or has a query.
    """
    address = _decoded_address(text)
    parts = parse_address(address)
    if parts.query or parts.fragment:
        raise BadRequestError("a DICOMweb endpoint has no query")
    return address.rstrip("/")


def _files(items: list[tuple[str, str]], values: dict[str, str]) -> tuple[File, ...]:
    found = []
    for place, (name, value) in enumerate(items):
        if name in FILE_TYPES and value:
            address = quote(_decoded_address(value), safe=ADDRESS_CHARACTERS)  # blanks and accents, which links may hold bare
            parse_address(address)
            # As in Slicer the name is for the first item of the query, whatever that is.
            given = values.get("filename", "") if place == 0 else ""
            found.append(File(address, FILE_TYPES[name], PurePosixPath(given.replace("\\", "/")).name or None))
    if len(found) > MOST_FILES:
        raise BadRequestError(f"a link names at most {MOST_FILES} files")
    return tuple(found)


def _decoded_address(text: str) -> str:
    """An address that was encoded once too often is decoded once more."""
    stripped = text.strip()
    return unquote(stripped).strip() if ENCODED_ADDRESS.match(stripped) else stripped


def _is_true(text: str) -> bool:
    """As Slicer reads it: a number other than 0, or true."""
    try:
        return int(text) != 0
    except ValueError:
        return text.lower() in TRUE_WORDS
