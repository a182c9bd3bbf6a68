"""WADO-URI: one instance as a DICOM file or as a picture, by query parameters (PS3.18, chapter 9)."""

from __future__ import annotations

import math
from dataclasses import replace
from pathlib import Path
from typing import cast

from backend.api.dicomweb import render_params as params
from backend.api.dicomweb.base import StatusError
from backend.api.dicomweb.media import AS_STORED, DICOM, EXPLICIT_LE, NEVER_SENT, Form
from backend.api.dicomweb.paths import TAG
from backend.api.dicomweb.rendered import DOCUMENT, FILMS, MOVING, REPORTS, STRUCTURED_REPORTS, RenderedHandler
from backend.archive.images import Images
from backend.archive.records import StoredInstance
from backend.archive.transcoding import transcode_file
from backend.dicom.window import Window
from backend.errors import BadRequestError, NotFoundError
from backend.http.negotiate import accepted
from backend.http.routes import Operation, Param, Route
from backend.render.stored.look import FILM, MEDIA, Look, Media, Viewport

PATH = r"/dicom(?:/wado)?/?"
REQUIRED = ("studyUID", "seriesUID", "objectUID")


class WadoUriHandler(RenderedHandler):
    """`/dicom?requestType=WADO&…`, also `/dicom/wado`."""

    async def get(self, *_none: str) -> None:
        """The instance."""
        query = self.query
        if query.get("requestType") != "WADO":
            raise BadRequestError("requestType=WADO is missing; other resources are below /dicom/studies")
        missing = [name for name in REQUIRED if name not in query]
        if missing:
            raise BadRequestError(f"{missing[0]} is missing")
        uids = [query[name] for name in REQUIRED]
        self.check_uids(*uids)
        stored = await self.archive.instance(*uids)
        media = self._media(stored)
        if media == DICOM:
            await self._send_file(stored)
        elif stored.sop_class_uid in DOCUMENT:
            await self.send_document(stored)
        elif stored.sop_class_uid.startswith(STRUCTURED_REPORTS):
            await self.send_report(stored, media)
        else:
            await self._send_image(stored, cast(Media, media))

    def _media(self, stored: StoredInstance) -> str:
        """The first type of contentType that can be given, else of Accept, else what such an instance is shown as."""
        if stored.sop_class_uid in DOCUMENT:
            shown: tuple[str, ...] = (DOCUMENT[stored.sop_class_uid],)
        elif stored.sop_class_uid.startswith(STRUCTURED_REPORTS):
            shown = tuple(form.media for form in REPORTS)
        else:
            films = tuple(form.media for form in FILMS) if stored.frames > 1 and "frameNumber" not in self.query else ()
            shown = (*MEDIA, *films) if stored.rows else ()
        able = (*shown, DICOM)
        named = [media for media, _weight in accepted(self.query.get("contentType", ""))]
        if named:
            found = next((media for media in named if media in able), None)
            if found is None:
                raise StatusError(406, f"this instance can be had as {', '.join(able)}")
            return found
        asked = [media for media, _weight in accepted(self.request.headers.get("Accept", ""))]
        return next((media for media in asked if media in able), able[0])

    # -- as a file ---------------------------------------------------------------------------------------------------

    async def _send_file(self, stored: StoredInstance) -> None:
        if self.query.get("anonymize", "no") != "no":
            raise BadRequestError("anonymize is not supported here")
        asked = self.query.get("transferSyntax", "")
        as_stored = EXPLICIT_LE if stored.transfer_syntax in NEVER_SENT else stored.transfer_syntax
        syntax = as_stored if asked == AS_STORED else asked or EXPLICIT_LE
        if syntax != stored.transfer_syntax and syntax not in await self.images.makeable(stored):
            if asked not in ("", AS_STORED):
                raise StatusError(406, f"this instance can not be had in the transfer syntax {asked[:80]}")
            syntax = as_stored
        content_type = Form(DICOM, False, syntax).part_type
        if self.is_known(stored.digest, syntax):
            return
        if syntax == stored.transfer_syntax:
            await self.send_span(stored.path, 0, stored.bytes, content_type)
            return
        target = self.archive.scratch_file()
        try:
            inflated = self.config.instance_inflated_mb << 20
            size = await self.archive.workers.run(transcode_file, stored.path, syntax, target, inflated)
            await self.send_span(target, 0, size, content_type)
        finally:
            target.unlink(missing_ok=True)

    # -- as a picture ------------------------------------------------------------------------------------------------

    async def _send_image(self, stored: StoredInstance, media: Media) -> None:
        look, frame = self._look_of(stored, media), self._frame()
        look = replace(look, state=await self._state(stored.study_uid))
        number = 0 if frame is None else frame
        if number >= stored.frames:
            raise NotFoundError(f"there is no frame {number + 1}; the instance has {stored.frames}")
        if self.is_known(stored.digest, frame, look):
            return
        if media in MOVING and frame is None and stored.frames > 1:
            await self.send_one(await self.images.moving(stored, (), look), media)
        else:
            await self.send_one(await self.images.picture(stored, number, look), media)

    def _frame(self) -> int | None:
        """The frame asked for, from 0."""
        text = self.query.get("frameNumber")
        if text is None:
            return None
        if not (text.isascii() and text.isdigit() and int(text[:10]) > 0):
            raise BadRequestError("frameNumber must be one whole number from 1 on")
        return int(text[:10]) - 1

    async def _state(self, study: str) -> Path | None:
        uid, series = self.query.get("presentationUID"), self.query.get("presentationSeriesUID")
        if uid is None:
            return None
        if series is None:
            raise BadRequestError("presentationUID needs presentationSeriesUID")
        self.check_uids(uid, series)
        return (await self.archive.instance(study, series, uid)).path

    def _look_of(self, stored: StoredInstance, media: Media) -> Look:
        query = self.query
        look = Look(media, most_pixels=self.config.max_pixels, most_frames=self.config.gif_frames)
        look = replace(look, viewport=self._viewport(stored))
        center, width = query.get("windowCenter"), query.get("windowWidth")
        if (center is None) != (width is None):
            raise BadRequestError("windowCenter and windowWidth are needed together")
        if center is not None and width is not None:
            window = Window(params.number_of(center, "windowCenter"), params.number_of(width, "windowWidth"))
            if window.width < 1:
                raise BadRequestError("windowWidth must be at least 1")
            look = replace(look, window=window)
        if "imageQuality" in query:
            look = replace(look, quality=params.quality_of(query["imageQuality"]))
        if "annotation" in query:
            look = replace(look, annotation=params.annotation_of(query["annotation"])[0])
        return look

    def _viewport(self, stored: StoredInstance) -> Viewport | None:
        """The box of `rows` and `columns`, and the part of the image that `region` names in shares of it."""
        rows, columns, region = (self.query.get(name) for name in ("rows", "columns", "region"))
        if rows is None and columns is None and region is None:
            return None
        height = params.number_of(rows, "rows") if rows else math.inf
        width = params.number_of(columns, "columns") if columns else math.inf
        if min(height, width) < 1:
            raise BadRequestError("rows and columns must be at least 1")
        if region is None:
            return Viewport(width, height)
        shares = [params.number_of(piece, "region") for piece in region.split(",")]
        if len(shares) != 4 or not (0 <= shares[0] < shares[2] <= 1 and 0 <= shares[1] < shares[3] <= 1):
            raise BadRequestError("region needs four shares of the image from 0 to 1: left,top,right,bottom")
        across, along = stored.columns or 1, stored.rows or 1
        part = (shares[0] * across, shares[1] * along, (shares[2] - shares[0]) * across, (shares[3] - shares[1]) * along)
        if rows is None and columns is None:
            width, height = max(1.0, part[2]), max(1.0, part[3])
        return Viewport(width, height, part)


def routes(images: Images) -> list[Route]:
    """The route of WADO-URI."""
    operation = Operation(
        "/dicom", "WADO-URI: one instance as a file or a picture", tag=TAG,
        params=(
            Param("requestType", "always WADO", choices=("WADO",), required=True),
            *(Param(name, f"{name[:-3]} instance UID", required=True) for name in REQUIRED),
            Param("contentType", f"media types: {DICOM}, {', '.join((*MEDIA, FILM))}", default="image/jpeg"),
            Param("transferSyntax", "of a file: a UID, or `*` for as stored", default=EXPLICIT_LE),
            Param("frameNumber", "from 1", "integer", minimum=1),
            Param("windowCenter", "with windowWidth", "number"), Param("windowWidth", "with windowCenter", "number", minimum=1),
            Param("rows", "height of the box that the picture fits into", "integer", unit="pixels", minimum=1),
            Param("columns", "its width", "integer", unit="pixels", minimum=1),
            Param("region", "part of the image: left,top,right,bottom from 0 to 1", example="0,0,0.5,0.5"),
            Param("imageQuality", "of types that lose something", "integer", default=90, minimum=1, maximum=100),
            params.ANNOTATION,
            Param("presentationUID", "SOP instance UID of a presentation state of the study, to be applied"),
            Param("presentationSeriesUID", "its series"),
        ),
        answers=(DICOM, *MEDIA, FILM),
    )  # fmt: skip
    return [Route(PATH, WadoUriHandler, (operation,), {"images": images}, methods=("GET", "HEAD"))]
