"""How code in the scene process gets at files that have to be downloaded: the gateway does it, under its rules."""

from __future__ import annotations

import secrets
import threading
from collections.abc import Callable, Sequence
from pathlib import Path

from backend.errors import UnavailableError
from backend.scene.commands import AnyEvent, Command, FilesReady, FilesWanted, SampleFile, SeriesWanted, StudyWanted


class Fetcher:
    """Asks for files and waits for them, on any thread."""

    def __init__(self, emit: Callable[[AnyEvent], None]) -> None:
        self._emit = emit
        self._waiting: dict[str, tuple[threading.Event, list[FilesReady]]] = {}

    def fetch(self, name: str, files: Sequence[SampleFile]) -> list[Path]:
        """The files in one folder, each under its name.

        Raises:
            UnavailableError: they can not be had, with the reason.
        """
        return self._ask(lambda request: FilesWanted(request, name, list(files)))

    def fetch_study(self, endpoint: str, study: str, token: str) -> list[Path]:
        """The folders of the series of a study of a DICOMweb server that came whole.

        Raises:
            UnavailableError: it can not be had, with the reason.
        """
        return self._ask(lambda request: StudyWanted(request, endpoint, study, token))

    def find_series(self, keys: dict[str, str]) -> list[Path]:
        """The folders of the archive's series that match; none if there are none.

        Raises:
            UnavailableError: the archive can not be asked, with the reason.
        """
        return self._ask(lambda request: SeriesWanted(request, keys))

    def _ask(self, wanted: Callable[[str], AnyEvent]) -> list[Path]:
        request, arrived, answers = secrets.token_hex(6), threading.Event(), list[FilesReady]()
        self._waiting[request] = (arrived, answers)
        try:
            self._emit(wanted(request))
            arrived.wait()
        finally:
            del self._waiting[request]
        if answers[0].error:
            raise UnavailableError(answers[0].error)
        return [Path(path) for path in answers[0].paths]

    def notice(self, command: Command) -> None:
        """Called on the input thread as a command arrives: the scene thread is the one that waits."""
        if isinstance(command, FilesReady) and command.request in self._waiting:
            arrived, answers = self._waiting[command.request]
            answers.append(command)
            arrived.set()
