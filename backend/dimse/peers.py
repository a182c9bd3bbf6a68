"""Other applications that we call, and that may have instances sent to them, as the settings name them."""

from __future__ import annotations

import re
from collections.abc import Iterable

from backend.dimse.messages import Peer
from backend.errors import BadRequestError, NotFoundError

LONGEST_AET = 16
PEER = re.compile(r"(?P<name>[\w.-]+)=(?P<aet>[^@=]+)@(?P<host>\[[0-9A-Fa-f:]+\]|[^:@\[\]]+):(?P<port>\d+)\Z")


def is_aet(text: str) -> bool:
    """Whether it is an AE title (PS3.5 6.2): at most 16 printable characters of ASCII, no backslash, not blank."""
    return len(text) <= LONGEST_AET and bool(text.strip()) and text.isascii() and text.isprintable() and "\\" not in text


def parse_peer(text: str) -> Peer:
    """`NAME=AET@HOST:PORT`.

    Raises:
        BadRequestError: it is none.
    """
    found = PEER.match(text)
    if found is None or not is_aet(found["aet"]) or not 0 < int(found["port"]) < 1 << 16:
        raise BadRequestError(f"{text!r:.120} is no peer: NAME=AET@HOST:PORT")
    return Peer(found["name"], found["aet"].strip(), found["host"].strip("[]"), int(found["port"]))


def parse_peers(texts: Iterable[str]) -> dict[str, Peer]:
    """Peers by their names.

    Raises:
        BadRequestError: one is none, or a name stands for two.
    """
    peers: dict[str, Peer] = {}
    for text in texts:
        peer = parse_peer(text)
        if peer.name in peers:
            raise BadRequestError(f"two peers have the name {peer.name}")
        peers[peer.name] = peer
    return peers


def find_peer(peers: dict[str, Peer], name: str) -> Peer:
    """A peer by its name.

    Raises:
        NotFoundError: there is none.
    """
    if name not in peers:
        raise NotFoundError(f"there is no peer {name!r:.80}")
    return peers[name]
