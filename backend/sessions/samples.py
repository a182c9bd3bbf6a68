"""Files of sample data on disk: from a folder of the site, from earlier downloads, or downloaded, always by their checksum."""

from __future__ import annotations

import asyncio
import hashlib
import secrets
import shutil
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import structlog

from backend.config import Settings
from backend.errors import SlicecastError, UnavailableError
from backend.scene.commands import SampleFile
from backend.scene.samples import Catalogue, check_file, is_genuine
from backend.security.download import download
from backend.sharing import SingleFlight

log = structlog.get_logger("samples")
Told = Callable[[int, int | None], None]
PARTIAL = ".part-"
STALE_S = 86400.0
ATTEMPTS = 2


class SampleStore:
    """Finds or fetches the files of samples. Everything runs on the event loop, reading and summing on threads."""

    def __init__(self, settings: Settings) -> None:
        self._settings, self.folder = settings, settings.data / "samples"
        self.catalogue = Catalogue(settings.sample_catalogue)
        self._flights: SingleFlight[Path] = SingleFlight()

    async def obtain(self, name: str, files: Sequence[SampleFile], told: Callable[[str], Told]) -> list[Path]:
        """The files in one folder, each under its name. `told(file)` gives what hears of its download.

        Raises:
            BadRequestError: a file name or checksum is none.
            UnavailableError: a file can not be had; the message says why, and where to put it.
        """
        for file in files:
            check_file(file)
        folder = self.folder / _key(files)
        found = []
        for file in files:
            key = (folder, file.file)
            found.append(await self._flights.do(key, lambda file=file: self._one(name, folder, file, told)))  # type: ignore[misc]
        return found

    async def _one(self, name: str, folder: Path, file: SampleFile, told: Callable[[str], Told]) -> Path:
        target = folder / file.file
        reasons: list[str] = []
        if await asyncio.to_thread(self._is_here, target, file, reasons):
            return target
        for url in [*([file.url] if file.url else []), *(base.rstrip("/") + "/" + file.digest for base in self._bases(file))]:
            if await self._download(url, target, file, told(file.file), reasons):
                return target
        if not self._bases(file) and not file.url:
            reasons.append("downloads of sample data are switched off")
        under = f"{file.file} or {file.digest}" if file.digest else file.file
        raise UnavailableError(
            f"sample data {name}: {file.file} can not be had: {'; '.join(reasons)}. "
            f"Put the file into {self._settings.sample_folder or self.folder} as {under} and try again"
        )

    def _bases(self, file: SampleFile) -> list[str]:
        """Stores that know a file by its SHA-256."""
        return self._settings.sample_urls if file.checksum.upper().startswith("SHA256:") else []

    def _is_here(self, target: Path, file: SampleFile, reasons: list[str]) -> bool:
        """Whether the file is in its place, put there from the site's folder if need be."""
        if not file.checksum:
            return False  # nothing tells whether what lies here is what is wanted
        for folder in filter(None, (self._settings.sample_folder, self.folder)):
            for candidate in (folder.expanduser() / file.file, folder.expanduser() / file.digest):
                if not candidate.is_file():
                    continue
                if is_genuine(candidate, file):
                    _link(candidate.resolve(), target)
                    return True
                reasons.append(f"{candidate} has another checksum")
        if target.is_file():
            if is_genuine(target, file):
                return True
            log.warning("a file of sample data was damaged and is removed", path=str(target))
        target.unlink(missing_ok=True)
        return False

    async def _download(self, url: str, target: Path, file: SampleFile, told: Told, reasons: list[str]) -> bool:
        """Download, check, and only then put in place; a damaged download is tried once more."""
        await asyncio.to_thread(_sweep, self.folder)
        for _attempt in range(ATTEMPTS):
            partial = self.folder / (PARTIAL + secrets.token_hex(6))
            try:
                path = await download(url, partial, self._settings, told)
                if not file.checksum or await asyncio.to_thread(is_genuine, path, file):
                    target.parent.mkdir(parents=True, exist_ok=True)
                    path.replace(target)
                    return True
            except SlicecastError as error:
                reasons.append(str(error))
                return False
            finally:
                await asyncio.to_thread(shutil.rmtree, partial, True)
            log.warning("a download of sample data has another checksum", url=url, file=file.file)
        reasons.append(f"what {url} sends has another checksum")
        return False


def _key(files: Sequence[SampleFile]) -> str:
    """Name of the folder of a set of files that belong together."""
    text = "\n".join(f"{file.file} {file.checksum.lower() or file.url}" for file in files)
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def _link(source: Path, target: Path) -> None:
    """Have `target` lead to `source`, in one step."""
    target.parent.mkdir(parents=True, exist_ok=True)
    link = target.with_name(PARTIAL + secrets.token_hex(6))
    link.symlink_to(source)
    link.replace(target)


def _sweep(folder: Path) -> None:
    """Remove what downloads left that never came to their end."""
    for partial in folder.glob(PARTIAL + "*"):
        try:
            if time.time() - partial.stat().st_mtime > STALE_S:
                shutil.rmtree(partial, ignore_errors=True)
        except OSError:
            continue
