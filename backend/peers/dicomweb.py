"""A study from a DICOMweb server, as Slicer asks for it (PS3.18): QIDO of its series, metadata of each, then the instances."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Literal, Protocol

import msgspec

from backend.dicom.identify import is_uid
from backend.errors import NotFoundError, SlicecastError, TooLargeError, UnreadableError
from backend.peers.http import Head, Peer, PeerError
from backend.peers.multipart import MultipartReader, PartBegins, PartData, parse_content_type

JSON = "application/dicom+json, application/json"
AS_STORED = 'multipart/related; type="application/dicom"; transfer-syntax=*'
TRANSCODED = 'multipart/related; type="application/dicom"'
PARALLEL = 4  # instances at a time; each costs a round trip
LEAST_GONE = 2  # failures without any answer in a row after which a server counts as gone
LEAST_PAGE = 100  # no known server answers fewer series at a time


class Element(msgspec.Struct):
    """An element of the DICOM JSON model (PS3.18, F.2)."""

    Value: list[Any] | None = None

    @property
    def text(self) -> str:
        """First value as text, empty if there is none."""
        return str(self.Value[0]).strip() if self.Value and self.Value[0] is not None else ""

    @property
    def integer(self) -> int | None:
        """First value as an integer, None if it is none."""
        try:
            return int(float(self.text))
        except (ValueError, OverflowError):
            return None


class SeriesItem(msgspec.Struct):
    """What QIDO tells of a series."""

    uid: Element = msgspec.field(name="0020000E", default_factory=Element)
    modality: Element = msgspec.field(name="00080060", default_factory=Element)
    description: Element = msgspec.field(name="0008103E", default_factory=Element)
    number: Element = msgspec.field(name="00200011", default_factory=Element)


class InstanceItem(msgspec.Struct):
    """What the metadata of an instance tell, as far as it is needed."""

    uid: Element = msgspec.field(name="00080018", default_factory=Element)
    modality: Element = msgspec.field(name="00080060", default_factory=Element)
    description: Element = msgspec.field(name="0008103E", default_factory=Element)
    number: Element = msgspec.field(name="00200011", default_factory=Element)
    frames: Element = msgspec.field(name="00280008", default_factory=Element)


@dataclass
class FetchedSeries:
    """A series of the study and what became of it. `images` are its frames, at least one an instance.

    `state`: fetched now, present before, or failed for `reason`.
    """

    uid: str
    modality: str = ""
    description: str = ""
    number: int | None = None
    instances: int = 0
    images: int = 0
    state: Literal["fetched", "present", "failed"] = "failed"
    reason: str = ""

    @property
    def label(self) -> str:
        """Name for people."""
        name = " ".join(filter(None, (self.modality, f"“{self.description}”" if self.description else ""))) or self.uid
        return f"series {self.number}: {name}" if self.number is not None else f"series {name}"

    def learn(self, item: SeriesItem | InstanceItem) -> None:
        """Take what is not known yet from an answer."""
        self.modality = self.modality or item.modality.text
        self.description = self.description or item.description.text
        if self.number is None:
            self.number = item.number.integer


@dataclass
class Limits:
    """Bounds of one fetch."""

    instances: int
    json_bytes: int


Told = Callable[[str, float, dict[str, int]], None]


class Arriving(Protocol):
    """An instance on its way in."""

    def write(self, data: bytes | memoryview) -> None:
        """Add bytes."""

    async def keep(self) -> None:
        """It is whole. `UnreadableError` if it is none, `UnavailableError` if it can not be kept."""

    def discard(self) -> None:
        """Nothing of it stays, unless it was kept."""


class Studies(Protocol):
    """Where instances go."""

    async def instances(self, study: str, series: str) -> set[str]:
        """UIDs of what is there of a series."""

    def receive(self, study: str, series: str, origin: str) -> Arriving:
        """A new instance of a series, from the server `origin`."""


@dataclass
class StudyFetch:
    """One study of one server into the studies that are here. `run` once."""

    peer: Peer
    study: str
    bulk: bool
    studies: Studies
    limits: Limits
    told: Told
    """Hears a text, how much of the instances has come (0 to 1), and counts."""
    series: list[FetchedSeries] = field(default_factory=list)
    _wanted: int = 0
    _received: int = 0
    _bytes: int = 0
    _accept: str = AS_STORED
    _number: int = 0  # of the series under way
    _before: int = 0  # instances received when it began
    _items: dict[str, SeriesItem] = field(default_factory=dict)

    async def run(self) -> list[FetchedSeries]:
        """Fetch everything that is not there yet. What goes wrong with a single series is in the list, and the rest goes on.

        Raises:
            NotFoundError: the server does not know the study.
            PeerError: it can not be reached, or not even its list of series can be read.
            TooLargeError: more instances or bytes than the limits.
        """
        self.told("Asking for the series", 0.0, {})
        self.series = [FetchedSeries(uid) for uid in await self._series_uids()]
        gone = 0
        for number, one in enumerate(self.series, 1):
            self._number, self._before = number, self._received
            if gone >= LEAST_GONE:
                one.reason = "not tried, since the server does not answer any more"
                continue
            try:
                await self._fetch_series(one)
                gone = 0
            except TooLargeError:
                raise
            except SlicecastError as error:
                one.state, one.reason = "failed", str(error)
                gone = gone + 1 if _is_gone(error) else 0
        return self.series

    # -- questions -----------------------------------------------------------------------------------------------

    async def _series_uids(self) -> list[str]:
        path = f"/studies/{self.study}/series"
        try:
            page = await self._ask(path, list[SeriesItem])
        except PeerError as error:
            if error.status in (404, 410):
                page = []
            else:
                raise
        while page:
            new = {item.uid.text: item for item in page if is_uid(item.uid.text) and item.uid.text not in self._items}
            self._items |= new
            if len(page) < LEAST_PAGE or not new:
                break
            if len(self._items) > self.limits.instances:
                raise TooLargeError(f"the study has more than {self.limits.instances} series")
            page = await self._ask(f"{path}?offset={len(self._items)}", list[SeriesItem])
        if not self._items:
            raise NotFoundError(f"the server has no study {self.study}")
        return list(self._items)

    async def _ask(self, path: str, answer: Any) -> Any:
        body = await self.peer.get_bytes(path, JSON, self.limits.json_bytes)
        if not body.strip():
            return []
        try:
            return await asyncio.to_thread(msgspec.json.decode, body, type=answer)
        except (msgspec.DecodeError, UnicodeError, RecursionError) as error:
            raise UnreadableError(
                f"the answer to {path.rpartition('/')[2].partition('?')[0]} is no DICOM JSON: {error}"
            ) from error

    # -- one series ----------------------------------------------------------------------------------------------

    async def _fetch_series(self, one: FetchedSeries) -> None:
        one.learn(self._items[one.uid])
        path = f"/studies/{self.study}/series/{one.uid}"
        items: list[InstanceItem] = await self._ask(f"{path}/metadata", list[InstanceItem])
        wanted = {item.uid.text for item in items if is_uid(item.uid.text)}
        if items:
            one.learn(items[0])
        one.instances, one.images = len(wanted), sum(max(1, item.frames.integer or 1) for item in items)
        if not wanted:
            raise UnreadableError("its metadata name no instances")
        self._wanted += len(wanted)
        if self._wanted > self.limits.instances:
            raise TooLargeError(f"the study has more than {self.limits.instances} instances")
        missing = wanted - await self.studies.instances(self.study, one.uid)
        if not missing:
            one.state = "present"
            self._received += len(wanted)
            self._tell()
            return
        if not self.bulk:  # in bulk they come once more
            self._received += len(wanted) - len(missing)
        problem: SlicecastError | None = None
        try:
            await (self._get(path, one) if self.bulk else self._get_each(path, one, sorted(missing)))
        except TooLargeError:
            raise
        except SlicecastError as error:  # all may have come before it
            problem = error
        still = wanted - await self.studies.instances(self.study, one.uid)
        if still:
            raise problem or UnreadableError(f"{len(still)} of {len(wanted)} instances did not come")
        one.state = "fetched"
        self._tell()

    async def _get_each(self, path: str, one: FetchedSeries, instances: list[str]) -> None:
        """One request for each instance, a few at a time; the first failure is told once the others have been tried."""
        waiting, failures = iter(instances), list[SlicecastError]()

        async def work() -> None:
            for uid in waiting:
                try:
                    await self._get(f"{path}/instances/{uid}", one)
                except SlicecastError as error:
                    failures.append(error)
                    if isinstance(error, TooLargeError) or _is_gone(error):  # no use in asking on
                        return

        async with asyncio.TaskGroup() as group:
            for _ in range(PARALLEL):
                group.create_task(work())
        if failures:
            raise next((error for error in failures if isinstance(error, TooLargeError)), failures[0])

    async def _get(self, path: str, one: FetchedSeries) -> None:
        """Instances from one answer. A server that can not give them as stored is asked for its default."""
        receiver = Receiver(lambda: self.studies.receive(self.study, one.uid, self.peer.host), self._tell_received)
        try:
            try:
                await self.peer.get(path, self._accept, receiver.take)
            except PeerError as error:
                if error.status != 406 or self._accept == TRANSCODED:
                    raise
                self._accept = TRANSCODED
                await self.peer.get(path, self._accept, receiver.take)
            await receiver.end()
        finally:
            receiver.discard()

    def _tell_received(self, instances: int, size: int) -> None:
        self._received += instances
        self._bytes += size
        if self._received > self.limits.instances:
            raise TooLargeError(f"the server sends more than {self.limits.instances} instances")
        self._tell()

    def _tell(self) -> None:
        one = self.series[self._number - 1]
        part = min(1.0, (self._received - self._before) / one.instances)
        done = sum(each.state != "failed" for each in self.series)
        counts = {"instances": self._received, "of_instances": self._wanted, "series": done, "of_series": len(self.series),
                  "bytes": self._bytes}  # fmt: skip
        text = f"Series {self._number} of {len(self.series)}: {self._received - self._before} of {one.instances} images"
        self.told(text, (self._number - 1 + part) / len(self.series), counts)


class Receiver:
    """Takes an answer with instances, `multipart/related` or one bare `application/dicom`, piece by piece."""

    def __init__(self, receive: Callable[[], Arriving], told: Callable[[int, int], None]) -> None:
        self._receive, self._told = receive, told
        self._reader: MultipartReader | None = None
        self._file: Arriving | None = None
        self._begun = self._is_closed = False
        self._problem: SlicecastError | None = None

    async def take(self, head: Head, chunk: bytes) -> None:
        """The next piece of the body.

        Raises:
            UnreadableError: the answer is no DICOM.
            UnavailableError: a file could not be written.
        """
        if not self._begun:
            self._begin(head)
        self._told(0, len(chunk))
        if self._reader is None:
            assert self._file is not None
            self._file.write(chunk)
            return
        for event in self._reader.feed(chunk):
            if isinstance(event, PartBegins):
                kind, _parameters = parse_content_type(event.headers.get("content-type", "application/dicom"))
                if kind != "application/dicom":
                    raise UnreadableError(f"a part of the answer is {kind:.80}, not application/dicom")
                self._file = self._receive()
            elif isinstance(event, PartData):
                assert self._file is not None
                self._file.write(event.data)
            else:
                await self._keep()
            if self._is_closed:  # given up meanwhile
                return

    def _begin(self, head: Head) -> None:
        self._begun = True
        kind, parameters = parse_content_type(head.content_type)
        if kind == "multipart/related":
            self._reader = MultipartReader(parameters.get("boundary", ""))
        elif kind == "application/dicom":
            if not head.has_end:
                raise UnreadableError("the answer does not say where it ends, so it may be cut short")
            self._file = self._receive()
        else:
            hint = "; the server may want bulk_retrieve=0" if kind == "application/json" else ""
            raise UnreadableError(f"the answer is {kind[:80] or 'of no type'}, not DICOM{hint}")

    async def _keep(self) -> None:
        """One instance that is no good does not spoil the others; it is told at the end."""
        assert self._file is not None
        file, self._file = self._file, None
        try:
            await file.keep()
        except UnreadableError as error:
            self._problem = UnreadableError(f"an instance was refused: {error}")
        else:
            self._told(1, 0)
        finally:
            file.discard()

    async def end(self) -> None:
        """The answer is over.

        Raises:
            UnreadableError: it was empty or cut short, or something in it was refused.
        """
        if not self._begun:
            raise UnreadableError("the answer is empty")
        if self._reader is None:
            await self._keep()
        elif not self._reader.is_whole:
            raise UnreadableError("the answer was cut short")
        if self._problem is not None:
            raise self._problem

    def discard(self) -> None:
        """It is over: what is not whole goes, and nothing more is taken."""
        self._is_closed = True
        if self._file is not None:
            self._file.discard()
            self._file = None


def _is_gone(error: SlicecastError) -> bool:
    """Whether the server did not answer at all, or broke off."""
    return isinstance(error, PeerError) and not error.status
