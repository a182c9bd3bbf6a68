"""The documents tell the truth: examples run as they stand, settings and messages are those of the source."""

from __future__ import annotations

import json
import re
import subprocess
from pathlib import Path

import msgspec
import nrrd
import numpy as np
import pytest
from PIL import Image

from backend.api.stream.messages import AnyMessage, Hello
from backend.config import Settings
from tests.support.instances import make_instance
from tests.support.live import ROOT, LiveServer

DOCUMENTS = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
FORMATS = {".png": "PNG", ".jpg": "JPEG", ".webp": "WEBP"}


def blocks(document: Path, language: str) -> list[str]:
    """Fenced code blocks of a language."""
    return re.findall(rf"^```{language}\n(.*?)^```", document.read_text(), re.MULTILINE | re.DOTALL)


def _examples() -> list[tuple[str, str]]:
    lines = [(path.name, line) for path in DOCUMENTS for block in blocks(path, "sh") for line in block.splitlines()]
    return [(name, line) for name, line in lines if line.startswith("curl ")]


def test_there_are_examples() -> None:
    assert {name for name, _line in _examples()} >= {"README.md", "slicer-api.md"}


@pytest.mark.parametrize(("document", "line"), _examples())
def test_curl_examples_run_as_they_stand(demo: LiveServer, tmp_path: Path, document: str, line: str) -> None:
    given = ["scan.dcm"] if "@scan.dcm" in line else []
    if document in ("dicomweb.md", "study-browser.md"):
        scan = make_instance("1.2.3", "1.2.4", "1.2.5")
        assert demo.request("POST", "/dicom/studies", scan, Content_Type="application/dicom").status == 200
        for name in given:
            (tmp_path / name).write_bytes(scan)
    command = line.replace("http://localhost:2016", demo.url).replace("curl ", "curl --fail --silent --show-error ")
    assert demo.url in command, f"{document} does not say which server it asks: {line}"
    done = subprocess.run(
        ["bash", "-ec", command], cwd=tmp_path, capture_output=True, text=True, errors="replace", timeout=60, check=False
    )
    assert done.returncode == 0, f"{document}: {line}\n{done.stderr}"
    named = re.findall(r" -o (\S+)", line)
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted(named + given)
    for name in named:
        if name.endswith(".nrrd"):
            assert nrrd.read(str(tmp_path / name))[0].std() > 0
            continue
        with Image.open(tmp_path / name) as picture:
            assert picture.format == FORMATS[Path(name).suffix]
            wanted = re.search(rf"-o {re.escape(name)} [^&]*?'[^']*[?&]size=(\d+)", line)
            if document == "dicomweb.md":
                assert max(picture.size) <= 512  # as large as the image, or as the box it fits into
            else:
                assert picture.size == ((int(wanted[1]),) * 2 if wanted else (512, 512))
            assert len(np.unique(np.asarray(picture.convert("L")))) > 20, f"{name} of {document} shows nothing"


@pytest.mark.parametrize("name", Settings.model_fields)
def test_settings_are_documented_as_they_are(name: str) -> None:
    rows = [
        line.split(" | ") for line in (ROOT / "docs" / "configuration.md").read_text().splitlines() if f"| `{name}` |" in line
    ]
    assert len(rows) == 1, f"{name} has {len(rows)} rows in docs/configuration.md"
    field = Settings.model_fields[name]
    _name, switch, default, meaning = rows[0]
    assert switch == f"`--{name.replace('_', '-')}`"
    assert meaning.removesuffix(" |") == field.description
    if field.default_factory is None:
        assert default == ("none" if field.default == [] else str(field.default))


def test_no_setting_is_documented_that_is_gone() -> None:
    documented = re.findall(r"^\| `(\w+)` \|", (ROOT / "docs" / "configuration.md").read_text(), re.MULTILINE)
    assert documented == list(Settings.model_fields)


def test_json_of_the_stream_document_is_what_the_server_speaks(demo: LiveServer) -> None:
    hello, welcome = blocks(ROOT / "docs" / "stream.md", "json")
    assert msgspec.json.decode(hello, type=Hello).codecs == ["jpeg", "png", "webp"]
    told = json.loads(welcome)
    assert set(told["scene"]) == set(demo.get("/api/scene").json())
    settings = Settings()
    assert told["limits"] == {
        "message_bytes": settings.stream_message_bytes,
        "messages_per_s": settings.stream_messages_per_s,
        "events_per_s": settings.stream_events_per_s,
        "streams": settings.stream_views,
        "pixels": settings.max_pixels,
    }


def test_every_message_of_the_stream_is_documented_and_none_besides() -> None:
    source = "".join(path.read_text() for path in (ROOT / "backend" / "api" / "stream").glob("*.py"))
    said = set(re.findall(r"""(?:say(?:_view)?\(|"type": )"(\w+)\"""", source))
    understood = {kind.__name__.lower() for kind in AnyMessage.__args__}  # type: ignore[attr-defined]
    text = (ROOT / "docs" / "stream.md").read_text()
    listed = set(re.findall(r'^(\w+) +\{|→ +(\w+) \{| {2,}(\w+) +\{|"type": "(\w+)"', "\n".join(_fenced(text)), re.MULTILINE))
    documented = {word for words in listed for word in words if word}
    # `or {views: …}` begins a line of `open`; a `scene` message is told of in a sentence.
    assert documented - {"or"} == (said | understood) - {"scene"}
    assert "`scene` message" in text


def _fenced(text: str) -> list[str]:
    return re.findall(r"^```\w*\n(.*?)^```", text, re.MULTILINE | re.DOTALL)


def test_links_lead_somewhere() -> None:
    for document in [*DOCUMENTS, ROOT / "CONTRIBUTING.md", ROOT / "SECURITY.md"]:
        for target in re.findall(r"\]\(([^)#\s]+)", document.read_text()):
            if not target.startswith(("http://", "https://")):
                assert (document.parent / target).exists(), f"{document.name} links to {target}"
