"""DELETE of studies, series and instances: not in the standard's service of studies, but what clients and users expect."""

from __future__ import annotations

from backend.api.dicomweb.base import DicomWebHandler
from backend.api.dicomweb.paths import LEVELS, TAG
from backend.archive.archive import Archive
from backend.http.routes import Operation, Route


class DeleteHandler(DicomWebHandler):
    """`DELETE` of a study, a series or an instance."""

    async def delete(self, *uids: str) -> None:
        """Remove it for good, with its files; what it leaves empty goes too."""
        self.check_uids(*uids)
        await self.archive.remove(*uids)
        self.set_status(204)
        self.finish()


def routes(archive: Archive) -> list[Route]:
    """The routes of deleting."""
    options = {"archive": archive}
    found = []
    for level in LEVELS:
        operation = Operation(level.path, f"Delete {level.name}", ("DELETE",), TAG, level.params, (), status=204)
        found.append(Route(level.pattern(), DeleteHandler, (operation,), options, methods=("DELETE",)))
    return found
