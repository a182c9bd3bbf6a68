"""Frames of an instance, as stored or transcoded (PS3.18, 10.4.1.1.6), and all its pixel data."""

from __future__ import annotations

from backend.api.dicomweb.media import TRANSFER_SYNTAXES, frame_forms
from backend.api.dicomweb.paths import LEVELS, TAG
from backend.api.dicomweb.pixel_handler import PixelHandler, frame_numbers
from backend.archive.images import Images
from backend.archive.records import StoredInstance
from backend.errors import NotFoundError
from backend.http.routes import Operation, Param, Route

INSTANCE = LEVELS[2]
ACCEPT = Param(
    "Accept", 'media type of the frames, alone for one frame or as `multipart/related; type="…"`; its parameter '
    "`transfer-syntax` asks for one, `*` for frames as they are stored",
    where="header", default='multipart/related; type="application/octet-stream"', example="application/octet-stream",
)  # fmt: skip
RANGE = Param("Range", "bytes of a single body, such as `bytes=0-65535`", where="header")
ANSWERS = ("multipart/related", *TRANSFER_SYNTAXES)


class FramesHandler(PixelHandler):
    """`…/instances/{instance}/frames/{frames}`."""

    async def get(self, study: str, series: str, instance: str, frames: str) -> None:
        """Frames in the order asked for."""
        self.check_uids(study, series, instance)
        numbers = frame_numbers(frames, self.config.frames_at_once)
        stored = await self.archive.instance(study, series, instance)
        index = await self.images.index(stored)
        for number in numbers:
            if number >= index.count:
                raise NotFoundError(f"there is no frame {number + 1}; the instance has {index.count}")
        form = self.choose(frame_forms(index.syntax, await self.images.makeable(stored), len(numbers) == 1))
        if not self.is_known(stored.digest, tuple(numbers), form):
            await self.send_frames(stored, numbers, form)


class PixelDataHandler(PixelHandler):
    """`…/pixeldata` of a study, a series or an instance: all frames."""

    async def get(self, *uids: str) -> None:
        """Each frame a part; status 206 where those of some instances can not be had as asked."""
        self.check_uids(*uids)
        instances = [one for one in await self.archive.instances(*uids) if one.rows]
        if not instances:
            raise NotFoundError("there are no pixels")
        if len(instances) == 1:
            await self._send_single(instances[0])
            return
        given = await self.forms_of(instances)
        if len(given) < len(instances):
            self.set_status(206)
        await self.send_all_frames(given)

    async def _send_single(self, stored: StoredInstance) -> None:
        index = await self.images.index(stored)
        form = self.choose(frame_forms(index.syntax, await self.images.makeable(stored), index.count == 1))
        if not self.is_known(stored.digest, "pixeldata", form):
            await self.send_frames(stored, range(index.count), form)


def routes(images: Images) -> list[Route]:
    """The routes of frames."""
    frames = Operation(
        INSTANCE.path + "/frames/{frames}", "Frames, as they are stored or in another transfer syntax", tag=TAG,
        params=(
            *INSTANCE.params, Param("frames", "numbers from 1, separated by commas", where="path", example="1"), ACCEPT, RANGE,
        ),
        answers=ANSWERS,
        description="Decoded frames are little endian, in the colours and the planar configuration of the metadata. JPEG-LS, "
        "JPEG 2000, HTJ2K and RLE can be had of images stored in any of them, in JPEG or "
        "uncompressed. A single body may be asked for by ranges.",
    )  # fmt: skip
    found = [Route(INSTANCE.pattern("/frames/([^/]+)"), FramesHandler, (frames,), {"images": images})]
    for level in LEVELS:
        pixels = Operation(
            level.path + "/pixeldata", f"All frames of {level.name}", tag=TAG, params=(*level.params, ACCEPT), answers=ANSWERS
        )
        found.append(Route(level.pattern("/pixeldata"), PixelDataHandler, (pixels,), {"images": images}))
    return found
