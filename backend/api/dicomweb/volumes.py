"""`renderedMPR` and `rendered3D`: planes, slabs and views of a series as a volume (PS3.18, 8.3.5.3 and 10.4.1.1.7)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import cast

from backend.api.dicomweb import render_params as params
from backend.api.dicomweb.media import DICOM_JSON, Form
from backend.api.dicomweb.paths import LEVELS, TAG
from backend.api.dicomweb.pixel_handler import PixelHandler
from backend.archive.images import Images, largest_series
from backend.archive.records import StoredInstance
from backend.dicom.qido import read_query
from backend.errors import BadRequestError, NotFoundError, TooLargeError
from backend.http.negotiate import query_pairs
from backend.http.routes import Operation, Param, Route
from backend.render.stored.look import METHODS, PRESETS, SIDES, Eye, Media, Point, Side, Swivel, VolumeLook

KINDS = {"renderedMPR": "mpr", "rendered3D": "3d"}
STILL = [Form("image/jpeg", False), Form("image/png", False)]
MOVING = [Form("image/gif", False)]
TOLD = [Form(DICOM_JSON, False), Form("application/json", False)]
DEFAULT_SIDE = 512
VOXEL_BYTES = 4
STEP_DEG, RATE_HZ = 10.0, 10.0
CAMERA = ("viewpointposition", "viewpointlookat", "viewpointup")
NOT_SUPPORTED = ("volumetriccurvepoint",)
OWN = {
    "accept", "charset", "window", "viewport", "quality", "preset", "volumeinputreference", "renderingmethod", "orientation",
    *CAMERA, "mprslab", "swivelrange", "animationstepsize", "animationrate", "renderedvolumetricmetadata", *NOT_SUPPORTED,
}  # fmt: skip
"""Names that pick no instances; all others are attributes that these must have."""


class VolumeHandler(PixelHandler):
    """`…/renderedMPR` and `…/rendered3D` of a study, a series or a multi-frame instance."""

    async def get(self, study: str, *rest: str) -> None:
        """A picture, or what it is made with."""
        uids, kind = [study, *rest[:-1]], rest[-1]
        self.check_uids(*uids)
        query = self.query
        told = query.get("renderedvolumetricmetadata") == "yes"
        forms = TOLD if told else MOVING if "swivelrange" in query else STILL
        form = self.choose(forms)
        look = look_of(
            query, kind, "image/jpeg" if told else cast(Media, form.media), self.config.max_pixels, self.config.gif_frames
        )
        instances = self._bounded(largest_series(await self._picked(uids)))
        if not self.is_known([one.digest for one in instances], look, form.media):
            await self.send_one(await self.images.volume(instances, look, told), form.media)

    async def _picked(self, uids: list[str]) -> list[StoredInstance]:
        """The instances of the target that the query does not leave out."""
        instances = await self.archive.instances(*uids)
        named = self.query.get("volumeinputreference")
        if named is not None:
            wanted = {uid.strip() for uid in named.split(",")}
            self.check_uids(*wanted)
            instances = [one for one in instances if wanted & {one.sop_instance_uid, one.series_uid}]
        pairs = [(name, value) for name, value in query_pairs(self.request.query) if name not in OWN]
        if pairs:
            query = read_query(pairs, "instance", uids[0], uids[1] if len(uids) > 1 else "")
            found = await self.archive.find(query, lambda found: {match.sop_instance_uid for match in found.matches})
            instances = [one for one in instances if one.sop_instance_uid in found]
        return instances

    def _bounded(self, instances: list[StoredInstance]) -> list[StoredInstance]:
        """The same.

        Raises:
            NotFoundError: there are none.
            TooLargeError: they would be too large a volume.
        """
        if not instances:
            raise NotFoundError("there are no such images to make a volume of")
        size = sum((one.rows or 0) * (one.columns or 0) * one.frames * VOXEL_BYTES for one in instances)
        if size > self.config.max_volume_mb << 20:
            raise TooLargeError(
                f"the volume has {size >> 20} MB; {self.config.max_volume_mb} are allowed (setting max_volume_mb)"
            )
        return instances


def look_of(query: Mapping[str, str], kind: str, media: Media, most_pixels: int, most_frames: int) -> VolumeLook:
    """What the query says of the picture.

    Raises:
        BadRequestError: a value that can not be used, or parameters that exclude each other.
    """
    for name in NOT_SUPPORTED:
        if name in query:
            raise BadRequestError(f"{name} is not supported here")
    mpr = KINDS[kind] == "mpr"
    method = query.get("renderingmethod", "average_ip" if mpr else "volume_rendered")
    if method not in METHODS:
        raise BadRequestError(f"{method[:40]!r} is no rendering method: use {', '.join(METHODS)}")
    if mpr and method == "volume_rendered":
        raise BadRequestError("a plane can not be volume_rendered: use rendered3D, or another method")
    if not mpr and "mprslab" in query:
        raise BadRequestError("mprslab is for renderedMPR")
    slab = params.number_of(query["mprslab"], "mprslab") if "mprslab" in query else 0.0
    if slab < 0:
        raise BadRequestError("mprslab must not be negative")
    window = params.window_of(query["window"]) if "window" in query else None
    if window is not None and window.function == "sigmoid":
        raise BadRequestError("volumes are shown with linear and linear-exact windows")
    box = params.viewport_of(query["viewport"], region=False) if "viewport" in query else None
    preset = query.get("preset", "auto")
    if preset not in PRESETS:
        raise BadRequestError(f"{preset[:40]!r} is no preset: use {', '.join(PRESETS)}")
    return VolumeLook(
        "mpr" if mpr else "3d", media, eye_of(query, "f" if mpr else "a"), method, slab, window,
        box.width if box else DEFAULT_SIDE, box.height if box else DEFAULT_SIDE, params.quality_of(query.get("quality", "90")),
        preset, swivel_of(query), most_pixels, most_frames,
    )  # fmt: skip


def eye_of(query: Mapping[str, str], default: Side) -> Eye | Side:
    """From where it is seen: a side, or a camera.

    Raises:
        BadRequestError: both are given, a camera is not whole, or a value can not be used.
    """
    given = [name for name in CAMERA if name in query]
    if not given:
        side = query.get("orientation", default).lower()
        if side not in SIDES:
            raise BadRequestError("orientation must be a, p, r, l, h or f")
        return side
    if "orientation" in query:
        raise BadRequestError("orientation and a viewpoint exclude each other")
    if len(given) < len(CAMERA):
        raise BadRequestError(f"a viewpoint needs {', '.join(CAMERA)}")
    position, look_at, up = (point_of(query[name], name) for name in CAMERA)
    return Eye(position, look_at, up)


def point_of(text: str, name: str) -> Point:
    """Three numbers.

    Raises:
        BadRequestError: they are none.
    """
    values = [params.number_of(piece, name) for piece in text.split(",")]
    if len(values) != 3:
        raise BadRequestError(f"{name} needs three numbers")
    return values[0], values[1], values[2]


def swivel_of(query: Mapping[str, str]) -> Swivel | None:
    """How the volume turns to and fro.

    Raises:
        BadRequestError: a value can not be used.
    """
    if "swivelrange" not in query:
        if "animationstepsize" in query or "animationrate" in query:
            raise BadRequestError("animationstepsize and animationrate are for swivelrange")
        return None
    range_deg = params.number_of(query["swivelrange"], "swivelrange")
    step = params.number_of(query["animationstepsize"], "animationstepsize") if "animationstepsize" in query else STEP_DEG
    rate = params.number_of(query["animationrate"], "animationrate") if "animationrate" in query else RATE_HZ
    if not (0 < range_deg <= 360 and 0 < step <= range_deg and 1 <= rate <= 50):
        raise BadRequestError("swivelrange is up to 360 degrees, animationstepsize within it, animationrate from 1 to 50")
    return Swivel(range_deg, step, 1000 / rate)


def routes(images: Images) -> list[Route]:
    """The routes of volumes."""
    point = "three numbers in the patient's coordinate system (LPS)"
    asked: Sequence[Param] = (
        Param("orientation", "from which side of the patient, through the middle", choices=SIDES),
        Param("viewpointposition", f"where the eye is: {point}; instead of orientation", unit="mm", example="0,-500,0"),
        Param("viewpointlookat", f"the middle of the picture, and for renderedMPR a point of the plane: {point}", unit="mm"),
        Param("viewpointup", f"what is up in the picture: {point}", example="0,0,1"),
        Param("renderingmethod", "how samples along a line become one value", choices=METHODS),
        Param("mprslab", "thickness of the slab (renderedMPR)", "number", default=0, unit="mm", minimum=0),
        Param("window", "`center,width,function`, the function linear or linear-exact", example="40,400,linear"),
        params.BOX, params.QUALITY,
        Param("preset", "look of volume rendering (our own)", choices=PRESETS, default="auto"),
        Param("swivelrange", "the volume turns to and fro by so much, as an animated GIF", "number", unit="degrees"),
        Param("animationstepsize", "between two of its frames", "number", default=STEP_DEG, unit="degrees"),
        Param("animationrate", "its frames a second", "number", default=RATE_HZ, minimum=1, maximum=50),
        Param("volumeinputreference", "UIDs of the series or instances that the volume is made of, separated by commas"),
        Param("{attribute}", "further parameters are attributes that the instances must have, as in searches"),
        Param("renderedvolumetricmetadata", "answer with what the picture is made with (PS3.18, Annex K)", choices=("yes",)),
        params.ACCEPT,
    )  # fmt: skip
    found = []
    for level in LEVELS:
        operations = tuple(
            Operation(
                f"{level.path}/{name}", f"{what} of {level.name} as a volume", tag=TAG, params=(*level.params, *asked),
                answers=("image/jpeg", "image/png", "image/gif", DICOM_JSON),
                description="Orthographic. Of a study the series with the most images. Planes are seen from the feet by "
                "default, 3D from the front; slabs are averaged, 3D is volume rendered.",
            )
            for name, what in (("renderedMPR", "A plane or slab"), ("rendered3D", "A view"))
        )  # fmt: skip
        found.append(Route(level.pattern("/(renderedMPR|rendered3D)"), VolumeHandler, operations, {"images": images}))
    return found
