"""`/slicer/sampledata`: Slicer's sample data by name."""

from __future__ import annotations

from dataclasses import dataclass

from backend.api.slicer.exchange import Endpoint, Exchange
from backend.api.slicer.operations import ANY
from backend.errors import BadRequestError
from backend.http.routes import Operation, Param
from backend.scene.samples import BUILT_IN
from backend.sessions.opening import load_sample
from backend.sessions.session import Session

NAME = Param(
    "name", f"the sample: {', '.join(sample.name for sample in BUILT_IN)}, or one of the site's catalogue; in any case"
)


@dataclass(frozen=True)
class SampleData:
    """Loads samples into one session."""

    session: Session

    def endpoints(self) -> list[Endpoint]:
        """`/slicer/sampledata`."""
        summary = "Load sample data, downloaded if it is not here yet, and show it in the slice views; answers when it is there"
        operation = Operation("/slicer/sampledata", summary, ANY, "slicer", (NAME,), ("text/plain",))
        return [Endpoint("sampledata", self.answer, (operation,))]

    async def answer(self, exchange: Exchange) -> None:
        """Load it."""
        name = exchange.query.get("name")
        if name is None:
            raise BadRequestError("sampledata name was not specified")
        sample, _result = await load_sample(self.session, name)
        exchange.send_text(f"Sample data {sample.name} loaded")
