"""What was acknowledged is there after `kill -9` at any moment, and nothing is there by half."""

from __future__ import annotations

import hashlib
import http.client
import random
import sqlite3
import threading
import time
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from pydicom.uid import generate_uid

from backend.store.blobs import digest_of
from tests.support.archive_server import ArchiveServer
from tests.support.instances import make_instance, multipart

ROUNDS = 5
CLIENTS = 4
PARTS = 3


@dataclass
class Ledger:
    """What clients were told: digests of files by UIDs; None of what is deleted."""

    told: dict[tuple[str, str, str], str | None] = field(default_factory=dict)
    unsure: set[tuple[str, str, str]] = field(default_factory=set)
    """Asked for when the server died: may have been done or not."""


def upload(port: int, ledger: Ledger, lock: threading.Lock, seed: int) -> None:
    """Store, replace and delete until the server is gone."""
    chance = random.Random(seed)
    study, series = generate_uid(), generate_uid()
    mine: list[tuple[str, str, str]] = []
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    try:
        while True:
            choice = chance.random()
            if mine and choice < 0.15:
                victim = mine.pop(chance.randrange(len(mine)))
                with lock:
                    ledger.unsure.add(victim)
                connection.request("DELETE", "/dicom/studies/{}/series/{}/instances/{}".format(*victim))
                answer = connection.getresponse()
                assert answer.status == 204, answer.read()
                answer.read()
                with lock:
                    ledger.told[victim] = None
                    ledger.unsure.discard(victim)
                continue
            again = mine[: 1 if choice < 0.3 else 0]
            keys = again or [(study, series, generate_uid()) for _ in range(PARTS)]
            files = [make_instance(*key, ImageComments=str(chance.random())) for key in keys]
            with lock:
                ledger.unsure |= set(keys)
            body, kind = multipart(files)
            connection.request("POST", "/dicom/studies", body, {"Content-Type": kind})
            answer = connection.getresponse()
            assert answer.status == 200, answer.read()
            answer.read()
            mine += keys if not again else []
            with lock:
                ledger.told |= {key: hashlib.sha256(file).hexdigest() for key, file in zip(keys, files, strict=True)}
                ledger.unsure -= set(keys)
    except (OSError, http.client.HTTPException):
        return  # killed
    finally:
        connection.close()


def check(server: ArchiveServer, ledger: Ledger) -> int:
    """Compare what the server has with what it told; the number of instances that were looked at."""
    for key, digest in ledger.told.items():
        if key in ledger.unsure:
            continue
        answer = server.get("/dicom/studies/{}/series/{}/instances/{}".format(*key), Accept="application/dicom")
        assert answer.status == (200 if digest else 404), key
        if digest:
            assert hashlib.sha256(answer.body).hexdigest() == digest
    for study in {key[0] for key in ledger.told}:
        answer = server.get(f"/dicom/studies/{study}/metadata")
        if answer.status == 404:
            assert not any(digest for key, digest in ledger.told.items() if key[0] == study and key not in ledger.unsure)
            continue
        found = {(study, model["0020000E"]["Value"][0], model["00080018"]["Value"][0]) for model in answer.json()}
        surely = {key for key, digest in ledger.told.items() if key[0] == study and digest and key not in ledger.unsure}
        assert surely <= found <= surely | ledger.unsure
    return len(ledger.told)


def check_store(archive: Path) -> None:
    """Rows, counts and files agree with each other."""
    files = {path.name for path in (archive / "files").rglob("*") if path.is_file()}
    with sqlite3.connect(archive / "index.db") as index:
        rows = index.execute("SELECT digest FROM instances").fetchall()
        assert files == {digest for (digest,) in rows}
        assert len(rows) == index.execute("SELECT count(*) FROM contents").fetchone()[0]
        for table, below, key in (("series", "instances", "series_fk"), ("studies", "series", "study_fk")):
            what = "count(*), sum(bytes)" if table == "series" else "sum(instance_count), sum(bytes)"
            for number, count, size in index.execute(f"SELECT id, instance_count, bytes FROM {table}").fetchall():
                assert index.execute(f"SELECT {what} FROM {below} WHERE {key} = ?", (number,)).fetchone() == (count, size)
        numbers = [row[0] for row in index.execute("SELECT seq FROM changes ORDER BY seq").fetchall()]
        assert len(set(numbers)) == len(numbers)
    for path in (archive / "files").rglob("*"):
        if path.is_file():
            assert digest_of(path.read_bytes()) == path.name


@pytest.mark.timeout(300)
def test_what_was_acknowledged_survives_kills_at_any_moment(tmp_path: Path) -> None:
    ledger, lock = Ledger(), threading.Lock()
    chance = random.Random(7)
    for number in range(ROUNDS):
        server = ArchiveServer(tmp_path)
        try:
            check(server, ledger)
            assert not list((server.archive / "incoming").iterdir())
            threads = [
                threading.Thread(target=upload, args=(server.port, ledger, lock, number * CLIENTS + client))
                for client in range(CLIENTS)
            ]
            for thread in threads:
                thread.start()
            before = len(ledger.told)
            while len(ledger.told) == before and any(thread.is_alive() for thread in threads):
                time.sleep(0.01)  # the first takes longest, while workers start
            time.sleep(1.5 * chance.random())
        finally:
            server.kill()
        for thread in threads:
            thread.join()
    server = ArchiveServer(tmp_path)
    try:
        assert check(server, ledger) > ROUNDS * CLIENTS * PARTS
    finally:
        assert server.stop() == 0
    check_store(tmp_path / "archive")
