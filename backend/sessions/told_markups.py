"""The markups of a scene as the gateway was told of them last."""

from __future__ import annotations

from backend.scene import commands as c

MOST_GONE = 10_000


class ToldMarkups(dict[str, c.MarkupState]):
    """By id: clients that come hear of them, and a new process gets them."""

    def __init__(self) -> None:
        super().__init__()
        self._gone: dict[str, None] = {}  # the newest last

    def take(self, event: c.MarkupsChanged) -> None:
        """Markups have changed, or are gone."""
        for markup in event.gone:
            self.pop(markup, None)
            self._gone[markup] = None
        for state in event.changed:
            self[state.id] = state
            self._gone.pop(state.id, None)
        while len(self._gone) > MOST_GONE:
            del self._gone[next(iter(self._gone))]

    @property
    def gone(self) -> set[str]:
        """Ids of those that were told to be gone, the newest of them."""
        return set(self._gone)
