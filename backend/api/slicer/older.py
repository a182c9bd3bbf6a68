"""Routes that SlicerWeb had before Slicer's own Web Server module, for pages that still use them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import get_args

from backend.api.slicer.exchange import Endpoint, Exchange
from backend.api.slicer.operations import ANY
from backend.api.slicer.pictures import numbers
from backend.errors import BadRequestError
from backend.http.routes import Operation, Param
from backend.scene import commands as c
from backend.sessions.opening import load_sample, new_job
from backend.sessions.session import Session

TUMORS = ("MRBrainTumor1", "MRBrainTumor2")
PRESETS: tuple[c.PresetId, ...] = get_args(c.PresetId)
PRESET = Param("id", "which demonstration", default="default", choices=PRESETS)
ANGLES = Param("angles", "alpha,beta,gamma of a phone's orientation, degrees: turns about Z, X and Y")
NO_TRANSFORM = (
    "/transform did nothing in SlicerWeb either; /slicer/tracking?m=… moves the tracked tool, "
    "and POST /slicer/mrml?localfile=…&filetype=TransformFile loads a transform"
)


@dataclass(frozen=True)
class Older:
    """Answers for one session."""

    session: Session

    def endpoints(self) -> list[Endpoint]:
        """`/slicer/preset`, `/slicer/eulers`, `/slicer/transform`."""
        preset = Operation(
            "/slicer/preset", "Set up a demonstration (SlicerWeb); answers names of volumes", ANY, "slicer", (PRESET,)
        )
        eulers = Operation(
            "/slicer/eulers",
            "Turn the tracked tool as a phone is turned (SlicerWeb)",
            ANY,
            "slicer",
            (ANGLES,),
            ("text/plain",),
        )
        transform = Operation("/slicer/transform", "Never did anything; says what does", ANY, "slicer")
        return [
            Endpoint("preset", self.preset, (preset,)),
            Endpoint("eulers", self.eulers, (eulers,)),
            Endpoint("transform", self.transform, (transform,)),
        ]

    async def preset(self, exchange: Exchange) -> None:
        """Arrange the views; what there is nothing of to show gets the demo, or sample data, first."""
        name = exchange.query.get("id", "default").lower()
        known = next((preset for preset in PRESETS if preset == name), None)
        if known is None:
            raise BadRequestError(f"no matching preset; there are {', '.join(PRESETS)}")
        there = [volume.name for volume in self.session.info.volumes]
        if known == "default" and not there:
            await self.session.ask(c.LoadDemo(new_job()), c.LoadResult)
        if known == "compareview" and len(there) < len(TUMORS):
            for sample in TUMORS:
                if sample not in there:
                    await load_sample(self.session, sample)
        exchange.send_json(await self.session.ask(c.ArrangePreset(known), list[str]))

    async def eulers(self, exchange: Exchange) -> None:
        """Turn the tracked tool."""
        angles = numbers(exchange.query, "angles")
        if angles is None:
            raise BadRequestError("angles is missing: angles=alpha,beta,gamma in degrees")
        await self.session.ask(c.Turn(angles), list[float])
        exchange.send_text("got it")

    async def transform(self, _exchange: Exchange) -> None:
        """Refuse, and say what does what this name promises."""
        raise BadRequestError(NO_TRANSFORM)
