"""The Slicer API put together: every endpoint, by the prefix that selects it."""

from __future__ import annotations

from collections.abc import Callable

from backend.api.slicer.console import Console
from backend.api.slicer.exchange import Endpoint
from backend.api.slicer.graphics import Graphics
from backend.api.slicer.gui import Gui
from backend.api.slicer.links import Links
from backend.api.slicer.markups import Markups
from backend.api.slicer.mrml import Mrml
from backend.api.slicer.older import Older
from backend.api.slicer.pictures import Pictures
from backend.api.slicer.sample_data import SampleData
from backend.api.slicer.screenshot import Screenshots
from backend.api.slicer.system import System
from backend.api.slicer.volumes import Volumes
from backend.config import Settings
from backend.links.opener import Opener
from backend.sessions.session import Session


def endpoints_of(
    session: Session, settings: Settings, pictures: Pictures, opener: Opener, stop: Callable[[], None]
) -> dict[str, Endpoint]:
    """The endpoints for one session; `stop` ends the server."""
    links = Links(session, settings, opener)
    groups = [
        pictures.endpoints(),
        Screenshots(pictures, settings).endpoints(),
        Graphics(session).endpoints(),
        Gui(session).endpoints(),
        Older(session).endpoints(),
        Mrml(session, settings, links).endpoints(),
        links.endpoints(),
        Volumes(session, settings).endpoints(),
        Markups(session, settings).endpoints(),
        System(stop).endpoints(),
        Console(session, settings).endpoints(),
        SampleData(session).endpoints(),
    ]
    return {endpoint.prefix: endpoint for group in groups for endpoint in group}
