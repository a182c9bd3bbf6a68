"""OHIF at /browse: its files where set-up has made them, and a page that says what to do where it has not."""

from __future__ import annotations

import gzip
from collections.abc import Iterator
from pathlib import Path

import pytest
import tornado.httpserver
import tornado.testing

from backend.api.ohif.handler import routes
from backend.config import Settings
from backend.http.access_log import AccessLog
from backend.http.application import Application
from backend.http.static import document_root
from backend.http.switches import Matches, Switches
from tests.support.archive_server import ArchiveServer

BUILT = document_root() / "browse"
needs_ohif = pytest.mark.skipif(not (BUILT / "index.html.gz").exists(), reason="OHIF is not there (make ohif)")


@pytest.fixture(scope="module")
def server() -> Iterator[ArchiveServer]:
    running = ArchiveServer()
    yield running
    running.stop()


@needs_ohif
def test_its_files(server: ArchiveServer) -> None:
    page = server.get("/browse/", Accept_Encoding="gzip")
    assert (page.status, page.headers["Content-Type"], page.headers["Content-Encoding"]) == (200, "text/html", "gzip")
    assert page.headers["Vary"] == "Accept-Encoding"
    text = gzip.decompress(page.body).decode()
    assert 'src="/browse/app.bundle.' in text
    assert 'window.PUBLIC_URL="/browse/"' in text
    plain = server.get("/browse/")
    assert plain.body.decode() == text
    assert plain.headers["Content-Length"] == str(len(plain.body))
    assert server.get("/browse").body == plain.body
    assert server.get("/browse/viewer?StudyInstanceUIDs=1.2.3").body == plain.body
    assert server.get("/browse/", If_None_Match=plain.headers["ETag"]).status == 304
    bundle = text.split('src="/browse/app.bundle.')[1].split('"')[0]
    script = server.get(f"/browse/app.bundle.{bundle}", Accept_Encoding="br")
    assert (script.headers["Content-Encoding"], script.headers["Content-Type"]) == ("br", "text/javascript")
    assert "immutable" in script.headers["Cache-Control"]
    assert len(script.body) < 4_000_000
    config = server.get("/browse/app-config.js").body.decode()
    assert 'routerBasename: "/browse"' in config
    assert 'qidoRoot: "/dicom"' in config
    for name in ("LICENSE", "NOTICE"):
        assert b"MIT" in server.get(f"/browse/{name}").body
    head = server.request("HEAD", "/browse/")
    assert (head.status, head.body, head.headers["Content-Length"]) == (200, b"", plain.headers["Content-Length"])
    assert server.get("/browse/gone.js").status == 404


@needs_ohif
def test_everything_its_page_names_is_there(server: ArchiveServer) -> None:
    text = server.get("/browse/").body.decode()
    names = {piece.split('"')[0] for mark in ('href="', 'src="', 'content="/') for piece in text.split(mark)[1:]}
    missing = [name for name in names if name.startswith("/") and server.request("HEAD", name).status != 200]
    # The package itself lacks these.
    assert all("mstile" in name or "startup-image" in name or "yandex" in name for name in missing), missing
    assert not [name for name in names if name.startswith("/") and not name.startswith("/browse/")]


class WithoutIt(tornado.testing.AsyncHTTPTestCase):
    """A server whose set-up could not get the package."""

    def get_app(self) -> Application:
        settings = Settings()
        switches = Switches.at_start(settings)
        rules = [
            tornado.routing.Rule(Matches(route, switches), route.handler, route.options) for route in routes(Path("/none"))
        ]
        return Application(rules, config=settings, switches=switches, access_log=AccessLog(10))

    def test_a_page_says_so(self) -> None:
        for path in ("/browse", "/browse/", "/browse/viewer", "/browse/app.js"):
            answer = self.fetch(path)
            assert answer.code == 404
            assert answer.headers["Content-Type"] == "text/html; charset=utf-8"
            assert b"OHIF is not installed" in answer.body
