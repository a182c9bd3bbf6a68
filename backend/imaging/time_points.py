"""Images at the same positions, parted into volumes: time points, echoes, diffusion weightings."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

from backend.imaging.series import SAME_POSITION_MM, Slice, normal_of


@dataclass(frozen=True)
class TimePoints:
    """Volumes of one series, in order."""

    volumes: list[list[Slice]]
    key: int | None
    """Which of the slices' `frame` values tells them apart; None where only the order of their numbers does."""
    values: list[str]
    """That value of each, or its number from 0."""
    left_out: int
    """Slices of volumes that lack some positions."""


def part(group: Sequence[Slice]) -> TimePoints:
    """Part slices of one orientation and size into volumes with one slice at each position.

    The first of their `frame` values that does so is taken. Where none does, the slices at a position are told apart by their
    numbers; where these do not either, all are left together.
    """
    normal = normal_of(group[0])
    positions: dict[int, list[Slice]] = defaultdict(list)
    for one in group:
        along = sum(float(a) * b for a, b in zip(normal, one.position, strict=True))
        positions[round(along / SAME_POSITION_MM)].append(one)
    alone = TimePoints([list(group)], None, ["0"], 0)
    if len(positions) == len(group):
        return alone
    place = {one.index: position for position, found in positions.items() for one in found}
    for key in range(len(group[0].frame)):
        buckets: dict[str, list[Slice]] = defaultdict(list)
        for one in group:
            buckets[str(one.frame[key])].append(one)
        if len(buckets) < 2 or any(len({place[one.index] for one in found}) < len(found) for found in buckets.values()):
            continue
        whole = {value: found for value, found in buckets.items() if len(found) == len(positions)}
        if 2 * len(whole) >= len(buckets):
            values = sorted(whole, key=_as_number)
            left_out = sum(len(found) for value, found in buckets.items() if value not in whole)
            return TimePoints([whole[value] for value in values], key, values, left_out)
    columns = [sorted(found, key=lambda one: one.number) for found in positions.values()]
    count = len(columns[0])
    if any(len(column) != count or len({one.number for one in column}) < count for column in columns):
        return alone  # some slices are there twice, which is no matter of time
    return TimePoints([[column[n] for column in columns] for n in range(count)], None, [str(n) for n in range(count)], 0)


def _as_number(text: str) -> tuple[float, str]:
    try:
        return float(text), text
    except ValueError:
        return float("inf"), text
