"""Downloading what a URL names, within limits: allowed hosts, no private addresses unless allowed, size, time."""

from __future__ import annotations

import hashlib
import ipaddress
import re
import secrets
import socket
from collections.abc import Callable, Sequence
from pathlib import Path, PurePosixPath
from typing import Any
from urllib.parse import unquote, urlsplit

import tornado.netutil
from tornado.httpclient import HTTPError, HTTPRequest
from tornado.simple_httpclient import HTTPStreamClosedError, HTTPTimeoutError, SimpleAsyncHTTPClient

from backend.config import Settings
from backend.errors import (
    BadRequestError,
    ForbiddenError,
    NotFoundError,
    TooLargeError,
    UnavailableError,
    UnreadableError,
)

UNSAFE = re.compile(r"[^\w.+ -]")
LONGEST_NAME = 200
ALGORITHMS = {"SHA256": 64, "SHA512": 128, "MD5": 32}  # hexadecimal digits of each
Told = Callable[[int, int | None], None]


class GuardedResolver(tornado.netutil.Resolver):
    """Resolves names, and refuses private addresses at the moment of connecting, so that no second look-up differs."""

    def initialize(self, allow_private: bool, hosts: Sequence[str] = ()) -> None:
        """`allow_private`: also loopback, link-local and private networks; `hosts`: only these, if any."""
        self._allow_private, self._hosts = allow_private, [name.lower() for name in hosts]
        self._resolver = tornado.netutil.DefaultExecutorResolver()

    async def resolve(self, host: str, port: int, family: socket.AddressFamily = socket.AF_UNSPEC) -> list[tuple[int, Any]]:
        """Addresses of a host.

        Raises:
            ForbiddenError: one of them is not public, or the host is none of those that are allowed.
        """
        if self._hosts and host.lower() not in self._hosts:
            raise ForbiddenError(f"downloads from {host} are not allowed")
        found = await self._resolver.resolve(host, port, family)
        for _family, address in found:
            if not self._allow_private and not ipaddress.ip_address(address[0].split("%")[0]).is_global:
                raise ForbiddenError(f"{host} is a private address; allow it with the setting url_allow_private")
        return list(found)


def file_name_of(url: str) -> str:
    """A safe file name for what a URL names, compound extensions kept."""
    name = PurePosixPath(unquote(urlsplit(url).path)).name
    return UNSAFE.sub("_", name).lstrip(".")[-LONGEST_NAME:] or "download"


def parse_checksum(text: str) -> tuple[str, str]:
    """Algorithm and hexadecimal digest of a checksum as Slicer writes it: `SHA256:cc21…`.

    Raises:
        BadRequestError: it is none.
    """
    name, _, digest = text.strip().partition(":")
    if ALGORITHMS.get(name.upper()) != len(digest) or re.fullmatch(r"[0-9a-fA-F]+", digest) is None:
        raise BadRequestError(f"invalid checksum {text!r}: expected is one of {', '.join(ALGORITHMS)}, a colon, and all digits")
    return name.upper(), digest.lower()


def require_checksum(path: Path, text: str) -> None:
    """Refuse a file whose content is not what its checksum says. Reads all of it.

    Raises:
        BadRequestError: `text` is no checksum.
        UnreadableError: the file is another; both digests are told.
    """
    name, digest = parse_checksum(text)
    with path.open("rb") as file:
        found = hashlib.file_digest(file, name.lower()).hexdigest()
    if found != digest:
        raise UnreadableError(f"{path.name} has the {name} checksum {found}, not the expected {digest}: nothing was loaded")


async def download(url: str, folder: Path, settings: Settings, told: Told | None = None) -> Path:
    """Fetch an http(s) URL into a folder of its own below `folder`; returns the file. `told(bytes, total)` hears progress.

    Raises:
        ForbiddenError, NotFoundError, TooLargeError, UnavailableError: why there is no file.
    """
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise ForbiddenError(f"only http and https URLs can be loaded, not {parts.scheme or 'this'}")
    if settings.url_allow_hosts and parts.hostname not in settings.url_allow_hosts:
        raise ForbiddenError(f"downloads from {parts.hostname} are not allowed")
    limit = settings.url_max_mb << 20
    target = folder / secrets.token_hex(8) / file_name_of(url)
    target.parent.mkdir(parents=True)
    client = SimpleAsyncHTTPClient(
        force_instance=True,
        resolver=GuardedResolver(allow_private=settings.url_allow_private, hosts=settings.url_allow_hosts),
        max_body_size=limit,
    )
    received, total = 0, None

    def on_header(line: str) -> None:
        nonlocal total
        name, _, value = line.partition(":")
        if name.strip().lower() == "content-length" and value.strip().isdigit():
            total = int(value)

    try:
        with target.open("wb") as file:

            def on_chunk(chunk: bytes) -> None:
                nonlocal received
                received += len(chunk)
                if received > limit:
                    raise TooLargeError(f"{url} is larger than {settings.url_max_mb} MB")
                file.write(chunk)
                if told:
                    told(received, total)

            await client.fetch(
                HTTPRequest(
                    url, streaming_callback=on_chunk, header_callback=on_header, decompress_response=False,
                    connect_timeout=20.0, request_timeout=settings.url_timeout_s, max_redirects=5,
                )
            )  # fmt: skip
    except (HTTPError, HTTPStreamClosedError, HTTPTimeoutError, OSError) as error:
        target.unlink(missing_ok=True)
        if isinstance(error, HTTPError) and error.code in (404, 410):
            raise NotFoundError(f"{url} does not exist") from error
        raise UnavailableError(f"{url} could not be downloaded: {error}") from error
    except Exception:
        target.unlink(missing_ok=True)
        raise
    finally:
        client.close()
    return target
