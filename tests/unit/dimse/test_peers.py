"""Peers and the network's settings, before anything is opened."""

from __future__ import annotations

from pathlib import Path

import pytest

from backend.config import Settings
from backend.dimse.messages import Peer
from backend.dimse.network import check
from backend.dimse.peers import find_peer, is_aet, parse_peer, parse_peers
from backend.errors import BadRequestError, NotFoundError


def test_a_peer_is_a_name_an_aet_and_an_address() -> None:
    assert parse_peer("pacs=MY PACS@10.0.0.1:104") == Peer("pacs", "MY PACS", "10.0.0.1", 104)
    assert parse_peer("six=A@[fe80::1]:11112") == Peer("six", "A", "fe80::1", 11112)


@pytest.mark.parametrize(
    "text", ["", "PACS@host:104", "a=b@host", "a=b@host:0", "a=b@host:70000", "a=@host:1", f"a={'x' * 17}@host:1", "a=b\\c@h:1"]
)
def test_what_is_none_is_refused(text: str) -> None:
    with pytest.raises(BadRequestError, match="NAME=AET@HOST:PORT"):
        parse_peer(text)


def test_names_stand_for_one_peer() -> None:
    with pytest.raises(BadRequestError, match="two peers"):
        parse_peers(["a=A@h:1", "a=B@h:2"])
    with pytest.raises(NotFoundError):
        find_peer(parse_peers(["a=A@h:1"]), "b")


@pytest.mark.parametrize(("text", "expected"), [("A", True), ("A" * 16, True), ("A" * 17, False), (" ", False), ("Ä", False)])
def test_ae_titles(text: str, expected: bool) -> None:
    assert is_aet(text) is expected


@pytest.mark.parametrize(
    "settings",
    [
        {"dicom_aet": ""},
        {"dicom_host": "0.0.0.0"},
        {"dicom_tls_certificate": Path("cert.pem")},
        {"dicom_tls_trusted": Path("ca.pem")},
        {"dicom_tls_certificate": Path("/nowhere/cert.pem"), "dicom_tls_key": Path("/nowhere/key.pem")},
    ],
)
def test_settings_that_do_not_add_up_are_refused(settings: dict[str, object]) -> None:
    with pytest.raises(BadRequestError):
        check(Settings(**settings))


def test_others_may_call_if_they_are_named_or_it_is_meant() -> None:
    check(Settings(dicom_host="0.0.0.0", dicom_allow=["PACS"]))
    check(Settings(dicom_host="0.0.0.0", allow_unauthenticated_remote=True))
    check(Settings(dicom_host="0.0.0.0", enable_dicom=False))
