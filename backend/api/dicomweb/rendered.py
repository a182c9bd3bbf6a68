"""Pictures of studies, series, instances and frames (PS3.18, 10.4.1.1.3), thumbnails, and documents as they are shown."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from typing import cast

from backend.api.dicomweb import render_params as params
from backend.api.dicomweb.media import MEDIA_OF, Form, Part
from backend.api.dicomweb.paths import LEVELS, TAG, Level
from backend.api.dicomweb.pixel_handler import PixelHandler, frame_numbers
from backend.archive.images import Images, representative
from backend.archive.records import StoredInstance
from backend.dicom.syntaxes import VIDEO
from backend.dicom.xml_model import xml_texts
from backend.errors import BadRequestError, NotFoundError
from backend.http.routes import Operation, Param, Route
from backend.render.stored.look import FILM, MEDIA, Look, Media
from backend.render.video import has_video

PICTURES = [Form(media, False) for media in MEDIA]
FILMS = [Form(FILM, False)] if has_video() else []
SEVERAL = [Form("image/gif", False), *(Form(media, True) for media in MEDIA if media != "image/gif"), *FILMS]
MOVING = ("image/gif", FILM)
DOCUMENT = {
    "1.2.840.10008.5.1.4.1.1.104.1": "application/pdf", "1.2.840.10008.5.1.4.1.1.104.2": "text/xml",
    "1.2.840.10008.5.1.4.1.1.104.3": "model/stl", "1.2.840.10008.5.1.4.1.1.104.4": "model/obj",
    "1.2.840.10008.5.1.4.1.1.104.5": "model/mtl",
}  # fmt: skip
"""Encapsulated documents by SOP class."""
ENCAPSULATED_DOCUMENT = (0x00420011,)
STRUCTURED_REPORTS = "1.2.840.10008.5.1.4.1.1.88."
STATES = "1.2.840.10008.5.1.4.1.1.11."
REPORTS = [Form(f"text/{kind}", False) for kind in ("html", "plain", "xml")]
THUMBNAIL_SIDE, LARGEST_SIGN = 128, 1024
FRAME = Param("frames", "numbers from 1, separated by commas", where="path", example="1")


def is_video(stored: StoredInstance) -> bool:
    """Whether its pixels are a video, which nobody here decodes."""
    return stored.transfer_syntax.startswith(VIDEO) and stored.transfer_syntax in MEDIA_OF


class RenderedHandler(PixelHandler):
    """`…/rendered` of a study, a series, an instance or frames."""

    async def get(self, study: str, series: str = "", instance: str = "", frames: str = "") -> None:
        """A picture, or the document that the instance is."""
        uids = [uid for uid in (study, series, instance) if uid]
        self.check_uids(*uids)
        numbers = frame_numbers(frames, self.config.frames_at_once) if frames else []
        stored = representative(await self.archive.instances(*uids))
        if stored.sop_class_uid in DOCUMENT:
            self.choose([Form(DOCUMENT[stored.sop_class_uid], False)])
            await self.send_document(stored)
        elif is_video(stored):
            await self._send_video(stored)
        elif stored.sop_class_uid.startswith(STRUCTURED_REPORTS):
            await self.send_report(stored, self.choose(REPORTS).media)
        elif stored.sop_class_uid.startswith(STATES):
            image = await self.images.shown_by(stored)
            await self._send_picture(image, numbers, replace(self.look(state=True), state=stored.path))
        else:
            await self._send_picture(stored, numbers, self.look())

    def look(self, state: bool = False) -> Look:
        """What the query says of the picture, media type left out; a presentation state decides the rest by itself."""
        query = self.query
        look = Look(most_pixels=self.config.max_pixels, most_frames=self.config.gif_frames, overlays=params.overlays_of(query))
        if "viewport" in query:
            look = replace(look, viewport=params.viewport_of(query["viewport"], region=not state))
        if "window" in query:
            if state:
                raise BadRequestError("a presentation state has its own window")
            look = replace(look, window=params.window_of(query["window"]))
        if "quality" in query:
            look = replace(look, quality=params.quality_of(query["quality"]))
        if "annotation" in query:
            known, unknown = params.annotation_of(query["annotation"])
            look = replace(look, annotation=known)
            for word in unknown[:4]:
                if word.isalnum():
                    self.warn(f"The annotation {word} is not supported.")
        return look

    async def _send_picture(self, stored: StoredInstance, numbers: list[int], look: Look) -> None:
        if not stored.rows:
            raise NotFoundError("the instance has no pixels")
        for number in numbers:
            if number >= stored.frames:
                raise NotFoundError(f"there is no frame {number + 1}; the instance has {stored.frames}")
        are_several = len(numbers) > 1 or (not numbers and stored.frames > 1)
        form = self.choose(SEVERAL if len(numbers) > 1 else [*PICTURES, *FILMS] if are_several else PICTURES)
        media = cast(Media, form.media)
        look = replace(look, media=media, profile=params.profile_of(self.query.get("iccprofile", "no"), media))
        if self.is_known(stored.digest, tuple(numbers), look, form.multipart):
            return
        if media in MOVING and are_several:
            await self.send_one(await self.images.moving(stored, tuple(numbers), look), media)
        elif form.multipart:
            await self._send_several(stored, numbers, look)
        else:
            await self.send_one(await self.images.picture(stored, numbers[0] if numbers else 0, look), media)

    async def _send_several(self, stored: StoredInstance, numbers: list[int], look: Look) -> None:
        url = self.instance_url(stored.study_uid, stored.series_uid, stored.sop_instance_uid)
        first = await self.images.picture(stored, numbers[0], look)

        async def parts() -> AsyncIterator[Part]:
            for place, number in enumerate(numbers):
                data = first if place == 0 else await self.images.picture(stored, number, look)
                yield Part(look.media, data, f"{url}/frames/{number + 1}/rendered")

        await self.send_parts(look.media, parts())

    async def _send_video(self, stored: StoredInstance) -> None:
        """The stream as it is stored."""
        form = self.choose([Form(MEDIA_OF[stored.transfer_syntax], False)])
        index = await self.images.index(stored)
        if self.is_known(stored.digest, "video"):
            return
        (offset, length), *others = index.fragments[0]
        if others:
            await self.send_one(await self.images.frame(stored, 0, stored.transfer_syntax), form.media)
        else:
            await self.send_span(stored.path, offset, length, form.media)

    async def send_document(self, stored: StoredInstance) -> None:
        """The document that an instance holds."""
        media = DOCUMENT[stored.sop_class_uid]
        if self.is_known(stored.digest, "document"):
            return
        bulk = await self.images.bulk(stored, ENCAPSULATED_DOCUMENT)
        self.set_header("Content-Security-Policy", "sandbox")  # it is somebody else's document
        if bulk.data is not None:
            await self.send_one(bulk.data, media)
        else:
            await self.send_span(stored.path, bulk.offset, bulk.length, media)

    async def send_report(self, stored: StoredInstance, media: str) -> None:
        """A structured report as text of this type."""
        if self.is_known(stored.digest, media):
            return
        if media == "text/xml":
            text = xml_texts([(await self.archive.content(stored)).model])[0]
        else:
            text = await self.images.report(stored, media == "text/html")
        self.set_header("Content-Security-Policy", "sandbox; default-src 'none'; style-src 'unsafe-inline'")
        await self.send_one(text, media + "; charset=utf-8")


class ThumbnailHandler(PixelHandler):
    """`…/thumbnail` of the same four."""

    async def get(self, study: str, series: str = "", instance: str = "", frames: str = "") -> None:
        """A small picture without words in it, or a sign."""
        uids = [uid for uid in (study, series, instance) if uid]
        self.check_uids(*uids)
        numbers = frame_numbers(frames, 1) if frames else []
        stored = representative(await self.archive.instances(*uids))
        box = params.viewport_of(self.query.get("viewport", f"{THUMBNAIL_SIDE},{THUMBNAIL_SIDE}"), region=False)
        media = cast(Media, self.choose(PICTURES).media)
        if not stored.rows or is_video(stored):
            side = int(min(box.width, box.height, LARGEST_SIGN))
            media = "image/png" if media == "image/png" else "image/jpeg"
            if not self.is_known(stored.digest, "sign", side, media):
                await self.send_one(await self.images.sign(await self.images.modality(stored), side, media), media)
            return
        number = numbers[0] if numbers else 0 if instance else stored.frames // 2
        quality = params.quality_of(self.query.get("quality", "80"))
        look = Look(media, viewport=box, quality=quality, most_pixels=self.config.max_pixels)
        if not self.is_known(stored.digest, number, look):
            await self.send_one(await self.images.picture(stored, number, look), media)


def routes(images: Images) -> list[Route]:
    """The routes of pictures."""
    asked = (params.WINDOW, params.VIEWPORT, params.QUALITY, params.ANNOTATION, params.PROFILE, params.OVERLAYS, params.ACCEPT)
    small = (params.BOX, params.QUALITY, params.ACCEPT)
    found = []
    for level in LEVELS:
        found.append(_route(level, "/rendered", RenderedHandler, f"A picture of {level.name}", asked, images))
        found.append(_route(level, "/thumbnail", ThumbnailHandler, f"A thumbnail of {level.name}", small, images))
    found.append(_route(LEVELS[2], "/frames/{frames}/rendered", RenderedHandler, "Pictures of frames", (FRAME, *asked), images))
    found.append(
        _route(LEVELS[2], "/frames/{frames}/thumbnail", ThumbnailHandler, "A thumbnail of a frame", (FRAME, *small), images)
    )
    return found


def _route(
    level: Level, rest: str, handler: type[PixelHandler], summary: str, asked: tuple[Param, ...], images: Images
) -> Route:
    operation = Operation(
        level.path + rest, summary, tag=TAG, params=(*level.params, *asked), answers=(*MEDIA, FILM),
        description="Without parameters as the image says: its modality transformation, first window, colours. Of a study or "
        "series the middle image of the first series with images. An animated GIF has all frames, and so has a film, which is "
        "VP9 and needs the extra `slicecast[video]`.",
    )  # fmt: skip
    return Route(level.pattern(rest.replace("{frames}", "([^/]+)")), handler, (operation,), {"images": images})
