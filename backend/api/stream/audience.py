"""Those who only watch: together they take no more of the server's time than leaves enough for who acts."""

from __future__ import annotations

from dataclasses import dataclass

ACTING_S = 2.0
SHORTEST_BEAT_S = 1 / 60


@dataclass
class Audience:
    """All stream clients of a session. `rate`: pictures a second for all who only watch together."""

    rate: float
    present: int = 0

    def beat_s(self, acted_at: float, now: float) -> float:
        """Time between the pictures of a client whose last input was at `acted_at`; 0 where it may have all there are.

        Watchers start their pictures on one common beat, so that they share what is drawn for the first of them.
        """
        if now - acted_at < ACTING_S:
            return 0.0
        beat = self.present / self.rate
        return beat if beat > SHORTEST_BEAT_S else 0.0
