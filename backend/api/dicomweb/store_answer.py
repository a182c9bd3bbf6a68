"""The answer to who stored instances: a data set that tells of each what became of it (PS3.18, 10.5.3)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from backend.archive.records import Outcome

COERCED = 0xB000
"""WarningReason: not what was sent is in the archive."""
LONGEST_COMMENT = 64
Model = dict[str, Any]


def store_answer(
    outcomes: Sequence[Outcome], study_url: Callable[[str], str], instance_url: Callable[[str, str, str], str]
) -> tuple[int, Model, str | None]:
    """Status, data set and Location of the answer.

    Args:
        outcomes: of the instances, in the order they came in; at least one.
        study_url: of a study instance UID.
        instance_url: of the UIDs of study, series and instance.
    """
    here = [one for one in outcomes if one.is_here]
    failed = [one for one in outcomes if not one.is_here and one.sop_instance_uid]
    unreadable = [one for one in outcomes if not one.is_here and not one.sop_instance_uid]
    studies = list(dict.fromkeys(one.study_uid for one in here))
    model: Model = {"00081190": value("UR", study_url(studies[0])) if len(studies) == 1 else {"vr": "UR"}}
    if failed:
        model["00081198"] = {"vr": "SQ", "Value": [_failed(one) for one in failed]}
    if here:
        model["00081199"] = {"vr": "SQ", "Value": [_referenced(one, instance_url) for one in here]}
    if unreadable:
        model["0008119A"] = {"vr": "SQ", "Value": [_reason(one) for one in unreadable]}
    new = [one.study_uid for one in here if one.new_study]
    return _status(outcomes, here), model, study_url(new[0]) if new else None


def _status(outcomes: Sequence[Outcome], here: Sequence[Outcome]) -> int:
    if not here:
        return 409
    return 200 if len(here) == len(outcomes) and not any(one.result == "kept" for one in here) else 202


def value(vr: str, one: str | int) -> Model:
    """An attribute of one value."""
    return {"vr": vr, "Value": [one]}


def _referenced(one: Outcome, instance_url: Callable[[str, str, str], str]) -> Model:
    item = {
        "00081150": value("UI", one.sop_class_uid),
        "00081155": value("UI", one.sop_instance_uid),
        "00081190": value("UR", instance_url(one.study_uid, one.series_uid, one.sop_instance_uid)),
    }
    return item | ({"00081196": value("US", COERCED)} if one.result == "kept" else {})


def _failed(one: Outcome) -> Model:
    return {**_reason(one), "00081150": value("UI", one.sop_class_uid), "00081155": value("UI", one.sop_instance_uid)}


def _reason(one: Outcome) -> Model:
    """The code, and what it means here for people (ErrorComment)."""
    comment = one.message if len(one.message) <= LONGEST_COMMENT else one.message[: LONGEST_COMMENT - 1] + "…"
    return {"00000902": value("LO", comment), "00081197": value("US", int(one.reason or 0))}
