"""`/api/segmentations`: what there are, their segments, strokes and effects that edit them, files of them."""

from __future__ import annotations

from typing import Any, TypeVar
from urllib.parse import quote, unquote

import msgspec

from backend.errors import BadRequestError
from backend.http.base import BaseHandler
from backend.http.origin import require_own_page
from backend.http.routes import Operation, Param, Route
from backend.http.schemas import answer_schema, body_schema
from backend.http.sending import send_file
from backend.links.segmentations import DicomSegmentations
from backend.scene import commands as c
from backend.sessions.segments import SegmentUpkeep
from backend.sessions.session import Session

C = TypeVar("C", bound=c.Command)
DICOM = "application/dicom"
TAG = "segmentation"


class SegmentsHandler(BaseHandler):
    """What the handlers of segmentations have in common."""

    def initialize(self, session: Session, upkeep: SegmentUpkeep, dicom: DicomSegmentations) -> None:
        """The session, who looks after edits, who makes DICOM."""
        self.session, self.upkeep, self.dicom = session, upkeep, dicom

    def wanted(self, kind: type[C], **of_path: str) -> C:
        """The command that the body and the path give.

        Raises:
            BadRequestError: the body is not what the command needs.
        """
        fields = self.read_json(dict[str, Any]) if self.gathered else {}
        ids = {name: unquote(value) for name, value in of_path.items()}
        unknown = fields.keys() - set(kind.__struct_fields__) | fields.keys() & ids.keys()
        if unknown:
            raise BadRequestError(f"unknown: {', '.join(sorted(unknown))}")
        try:
            return msgspec.convert(fields | ids, kind)
        except msgspec.ValidationError as error:
            raise BadRequestError(f"the body is not what this request needs: {error}") from error

    async def edit(self, command: c.Command, answer: type[Any], status: int = 200) -> None:
        """Have it done and answer with what came of it."""
        require_own_page(self)
        done = await self.session.ask(command, answer)
        self.upkeep.edited()
        self.send_json(msgspec.to_builtins(done), status)


class SegmentationsHandler(SegmentsHandler):
    """`/api/segmentations`."""

    async def get(self) -> None:
        """All of them."""
        found = await self.session.ask(c.DescribeSegmentations(), list[c.Segmentation])
        self.send_json({"segmentations": msgspec.to_builtins(found)})

    async def post(self) -> None:
        """Make one."""
        await self.edit(self.wanted(c.CreateSegmentation), c.Segmentation, 201)


class SegmentationHandler(SegmentsHandler):
    """`/api/segmentations/{id}`."""

    async def get(self, number: str) -> None:
        """One of them."""
        found = await self.session.ask(c.DescribeSegmentations(unquote(number)), list[c.Segmentation])
        self.send_json(msgspec.to_builtins(found[0]))

    async def patch(self, number: str) -> None:
        """Rename it or show it otherwise."""
        await self.edit(self.wanted(c.ChangeSegmentation, id=number), c.Segmentation)


class SegmentListHandler(SegmentsHandler):
    """`/api/segmentations/{id}/segments`."""

    async def post(self, number: str) -> None:
        """Add a segment."""
        await self.edit(self.wanted(c.AddSegment, id=number), c.Segment, 201)


class SegmentHandler(SegmentsHandler):
    """`/api/segmentations/{id}/segments/{segment}`."""

    async def patch(self, number: str, segment: str) -> None:
        """Rename, colour, show or hide it."""
        await self.edit(self.wanted(c.ChangeSegment, id=number, segment=segment), c.Segment)

    async def delete(self, number: str, segment: str) -> None:
        """Remove it."""
        await self.edit(c.RemoveSegment(unquote(number), unquote(segment)), type(None))


class StrokesHandler(SegmentsHandler):
    """`/api/segmentations/{id}/strokes`."""

    async def post(self, number: str) -> None:
        """Paint or erase."""
        await self.edit(self.wanted(c.Stroke, id=number), c.Edited)


class EffectsHandler(SegmentsHandler):
    """`/api/segmentations/{id}/effects`."""

    _doing: str | None = None

    async def post(self, number: str) -> None:
        """Edit a segment as a whole; answered when it is done. Who hangs up cancels it."""
        command = self.wanted(c.ApplyEffect, id=number)
        self._doing = command.id
        try:
            await self.edit(command, c.Edited)
        finally:
            self._doing = None

    async def delete(self, number: str) -> None:
        """Cancel what is under way."""
        require_own_page(self)
        self.send_json({"cancelled": await self.session.ask(c.CancelEffect(unquote(number)), bool)})

    def on_connection_close(self) -> None:
        """Called by Tornado."""
        super().on_connection_close()
        if self._doing is not None:
            self.session.tell(c.CancelEffect(self._doing))


class StatisticsHandler(SegmentsHandler):
    """`/api/segmentations/{id}/statistics`."""

    async def get(self, number: str) -> None:
        """Sizes and intensities."""
        found = await self.session.ask(c.SegmentStatistics(unquote(number)), dict[str, c.Measured])
        self.send_json({"segments": msgspec.to_builtins(found)})


class DicomHandler(SegmentsHandler):
    """`/api/segmentations/{id}/dicom`."""

    async def get(self, number: str) -> None:
        """As a file."""
        async with self.dicom.made(unquote(number)) as (path, source):
            self.set_header("Content-Disposition", f"attachment; filename*=UTF-8''{quote(source.name, safe='')}.dcm")
            with path.open("rb") as file:
                await send_file(self, file, path.stat().st_size, DICOM, self.config.send_timeout_s)

    async def post(self, number: str) -> None:
        """Into the archive."""
        require_own_page(self)
        outcome = await self.dicom.store(unquote(number))
        self.send_json(
            {"study": outcome.study_uid, "series": outcome.series_uid, "instance": outcome.sop_instance_uid}, 201
        )  # fmt: skip


def routes(session: Session, upkeep: SegmentUpkeep, dicom: DicomSegmentations) -> list[Route]:
    """The routes of this module."""
    options = {"session": session, "upkeep": upkeep, "dicom": dicom}
    number = Param("id", "id of the segmentation", where="path", example="vtkMRMLSegmentationNode1")
    segment = Param("segment", "id of the segment", where="path", example="Segment_1")

    def changing(path: str, text: str, method: str, kind: type[c.Command], answer: Any, status: int = 200, more: str = "",
                 example: Any = None) -> Operation:  # fmt: skip
        params = (number,) * ("{id}" in path) + (segment,) * ("{segment}" in path)
        hidden = tuple(param.name for param in params)
        return Operation(path, text, (method,), TAG, params, accepts="application/json", body=body_schema(kind, hidden),
                         body_example=example, answer=answer_schema(answer), status=status, description=more)  # fmt: skip

    all_of, one = "/api/segmentations", "/api/segmentations/{id}"
    listed = {"type": "object", "required": ["segmentations"],
              "properties": {"segmentations": answer_schema(list[c.Segmentation])}}  # fmt: skip
    measured = {"type": "object", "required": ["segments"],
                "properties": {"segments": answer_schema(dict[str, c.Measured])}}  # fmt: skip
    uid = {"type": "string"}
    stored = {"type": "object", "required": ["study", "series", "instance"],
              "properties": {"study": uid, "series": uid, "instance": uid}}  # fmt: skip
    cancelled = {"type": "object", "required": ["cancelled"], "properties": {"cancelled": {"type": "boolean"}}}
    stroke_text = (
        "A round brush of `radius` mm goes along `points` (RAS mm). With `normal` it is a disk in the plane across it, else a "
        "sphere. Parts of a stroke have the same word for `stroke`: they are undone together. Each begins where the last ended."
    )
    effect_text = (
        "`effect.type` is one of threshold, islands, smooth, margin, grow, fill_between, logical. Answered when it is done; "
        "`progress` messages of the stream tell how far it is, DELETE or hanging up cancels it."
    )
    dicom_text = "Its volume must have been loaded from a series that the archive has, whose headers it takes over."
    table: list[tuple[str, type[SegmentsHandler], tuple[Operation, ...]]] = [
        (r"/api/segmentations", SegmentationsHandler, (
            Operation(all_of, "All segmentations", tag=TAG, answer=listed),
            changing(all_of, "Make an empty segmentation", "POST", c.CreateSegmentation, c.Segmentation, 201,
                     example={"name": "Liver"}),
        )),
        (r"/api/segmentations/([^/]+)", SegmentationHandler, (
            Operation(one, "A segmentation", tag=TAG, params=(number,), answer=answer_schema(c.Segmentation)),
            changing(one, "Rename a segmentation or show it otherwise", "PATCH", c.ChangeSegmentation, c.Segmentation,
                     example={"surface": True}),
        )),
        (r"/api/segmentations/([^/]+)/segments", SegmentListHandler, (
            changing(f"{one}/segments", "Add a segment", "POST", c.AddSegment, c.Segment, 201, example={"name": "Tumour"}),
        )),
        (r"/api/segmentations/([^/]+)/segments/([^/]+)", SegmentHandler, (
            changing(f"{one}/segments/{{segment}}", "Rename, colour, show or hide a segment", "PATCH", c.ChangeSegment,
                     c.Segment, example={"visible": False}),
            Operation(f"{one}/segments/{{segment}}", "Remove a segment", ("DELETE",), TAG, (number, segment)),
        )),
        (r"/api/segmentations/([^/]+)/strokes", StrokesHandler, (
            changing(f"{one}/strokes", "Paint or erase with a brush", "POST", c.Stroke, c.Edited, more=stroke_text,
                     example={"segment": "Segment_1", "points": [[0, 0, 0], [10, 0, 0]], "radius": 5, "normal": [0, 0, 1]}),
        )),
        (r"/api/segmentations/([^/]+)/effects", EffectsHandler, (
            changing(f"{one}/effects", "Edit a segment as a whole", "POST", c.ApplyEffect, c.Edited, more=effect_text,
                     example={"segment": "Segment_1", "effect": {"type": "threshold", "range": [150, 3000]}}),
            Operation(f"{one}/effects", "Cancel what is under way", ("DELETE",), TAG, (number,), answer=cancelled),
        )),
        (r"/api/segmentations/([^/]+)/statistics", StatisticsHandler, (
            Operation(f"{one}/statistics", "Sizes of segments, and intensities in them", tag=TAG, params=(number,),
                      answer=measured),
        )),
        (r"/api/segmentations/([^/]+)/dicom", DicomHandler, (
            Operation(f"{one}/dicom", "A segmentation as DICOM SEG", tag=TAG, params=(number,), answers=(DICOM,),
                      description=dicom_text),
            Operation(f"{one}/dicom", "A segmentation into the archive, as DICOM SEG", ("POST",), TAG, (number,), answer=stored,
                      status=201, description=dicom_text),
        )),
    ]  # fmt: skip
    return [Route(pattern, handler, operations, options) for pattern, handler, operations in table]
