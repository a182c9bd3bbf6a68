"""The calling side: ask a peer, get from it, send to it (C-ECHO, C-FIND, C-GET, C-MOVE, C-STORE as SCU)."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from pydicom.datadict import dictionary_VR, tag_for_keyword
from pydicom.dataelem import DataElement
from pydicom.dataset import Dataset
from pydicom.tag import Tag
from pynetdicom import AE, StoragePresentationContexts, build_role, evt
from pynetdicom.association import Association
from pynetdicom.presentation import PresentationContext, build_context
from pynetdicom.sop_class import (  # type: ignore[attr-defined]
    StudyRootQueryRetrieveInformationModelFind,
    StudyRootQueryRetrieveInformationModelGet,
    StudyRootQueryRetrieveInformationModelMove,
    Verification,
)
from pynetdicom.status import code_to_category

from backend.dimse import sockets
from backend.dimse.line import Line
from backend.dimse.listener import Storing, make_entity
from backend.dimse.messages import Echo, Fetch, Order, Peer, Progress, Query, Send
from backend.dimse.sending import contexts_for, dataset_for
from backend.errors import BadRequestError

LEVELS = {"study": "STUDY", "series": "SERIES", "instance": "IMAGE"}
STORAGE_CLASSES = 120
"""Proposed in a C-GET: contexts are few, and these are the most used."""


class PeerError(Exception):
    """A peer could not be reached, or refused; the message is for people."""


def run(order: Order, line: Line) -> Any:
    """Do what a task says and return its result.

    Raises:
        PeerError: it could not be done.
        BadRequestError: it makes no sense.
    """
    task = order.task
    entity = make_entity(order.aet, order.limits)
    if isinstance(task, Echo):
        return echo(entity, task.peer)
    if isinstance(task, Query):
        return query(entity, task)
    if isinstance(task, Fetch):
        return (move if task.by_move else get)(entity, order.aet, task, line)
    assert isinstance(task, Send)
    return send(entity, task, line)


@contextmanager
def associated(entity: AE, peer: Peer, contexts: list[PresentationContext], **options: Any) -> Iterator[Association]:
    """An association with a peer, released at the end."""
    handlers = [(evt.EVT_CONN_OPEN, sockets.opened(entity.network_timeout or 0.0)), *options.pop("evt_handlers", [])]
    association = entity.associate(
        peer.host, peer.port, contexts, ae_title=peer.aet, max_pdu=entity.maximum_pdu_size, evt_handlers=handlers, **options
    )
    if not association.is_established:
        raise PeerError(f"{peer.name} ({peer.aet} at {peer.host}:{peer.port}) {_why_not(association)}")
    try:
        yield association
    finally:
        if association.is_established:
            association.release()


def _why_not(association: Association) -> str:
    if association.is_rejected:
        answer = association.acceptor.primitive
        reason = answer.reason_str if answer is not None else "for no reason"
        return f"rejected us: {reason.lower()}"
    return "broke off" if association.is_aborted and association.acceptor.primitive else "can not be reached"


def _check(status: Dataset, peer: Peer, what: str) -> str:
    """Category of a status; raises for one that is a failure, or none at all."""
    if "Status" not in status:
        raise PeerError(f"{peer.name} did not answer {what} in time, or broke off")
    category = code_to_category(status.Status)
    if category == "Failure":
        comment = f": {status.ErrorComment}" if "ErrorComment" in status else ""
        raise PeerError(f"{peer.name} refused {what} with status 0x{status.Status:04X}{comment}")
    return category


def echo(entity: AE, peer: Peer) -> dict[str, float]:
    """C-ECHO. Returns how long all of it took, in s."""
    begun = time.perf_counter()
    with associated(entity, peer, [build_context(Verification)]) as association:
        _check(association.send_c_echo(), peer, "C-ECHO")
    return {"seconds": round(time.perf_counter() - begun, 4)}


def identifier_of(level: str, keys: dict[str, str]) -> Dataset:
    """The identifier that asks at a level for keys, named by keyword or tag.

    Raises:
        BadRequestError: there is no such attribute.
    """
    identifier = Dataset()
    for name, value in keys.items():
        tag = tag_for_keyword(name)
        if tag is None:
            try:
                tag = int(name, 16)
            except ValueError:
                raise BadRequestError(f"{name!r:.80} is neither a keyword nor a tag") from None
        try:
            vr = dictionary_VR(tag)
        except KeyError:
            raise BadRequestError(f"{name!r:.80} is no attribute of the standard") from None
        identifier[Tag(tag)] = DataElement(tag, vr.split(" ")[0], value if vr != "SQ" else [])
    identifier.QueryRetrieveLevel = LEVELS[level]
    if any(not value.isascii() for value in keys.values()):
        identifier.SpecificCharacterSet = "ISO_IR 192"
    return identifier


def query(entity: AE, task: Query) -> dict[str, Any]:
    """C-FIND. Returns DICOM JSON objects, `limit` at most, and whether there are more."""
    model = StudyRootQueryRetrieveInformationModelFind
    found: list[Any] = []
    more = False
    with associated(entity, task.peer, [build_context(model)]) as association:
        for status, match in association.send_c_find(identifier_of(task.level, task.keys), model, msg_id=1):
            if _check(status, task.peer, "C-FIND") != "Pending":
                continue
            if len(found) < task.limit:
                found.append(json.loads(match.to_json(suppress_invalid_tags=True)) if match is not None else {})
            elif not more:
                more = True
                association.send_c_cancel(1, None, model)
    return {"matches": found, "more": more}


def get(entity: AE, _aet: str, task: Fetch, line: Line) -> dict[str, int]:
    """C-GET: instances come over the same association."""
    model = StudyRootQueryRetrieveInformationModelGet
    storage = [cx.abstract_syntax for cx in StoragePresentationContexts[:STORAGE_CLASSES]]
    contexts = [build_context(model), *(build_context(str(uid)) for uid in storage)]
    roles = [build_role(str(uid), scp_role=True) for uid in storage]
    storing = Storing(line)
    handlers = [(evt.EVT_C_STORE, storing.on_store), (evt.EVT_CONN_CLOSE, storing.on_close)]
    with associated(entity, task.peer, contexts, ext_neg=roles, evt_handlers=handlers) as association:
        answers = association.send_c_get(identifier_of(task.level, task.keys), model)
        return _follow(answers, task.peer, "C-GET", line)


def move(entity: AE, aet: str, task: Fetch, line: Line) -> dict[str, int]:
    """C-MOVE to ourselves: the peer sends to our listener."""
    model = StudyRootQueryRetrieveInformationModelMove
    with associated(entity, task.peer, [build_context(model)]) as association:
        answers = association.send_c_move(identifier_of(task.level, task.keys), aet, model)
        return _follow(answers, task.peer, "C-MOVE", line)


COUNTS = {"completed": "NumberOfCompletedSuboperations", "failed": "NumberOfFailedSuboperations",
          "warnings": "NumberOfWarningSuboperations", "remaining": "NumberOfRemainingSuboperations"}  # fmt: skip


def _follow(answers: Any, peer: Peer, what: str, line: Line) -> dict[str, int]:
    """Tell how far a retrieval is until it is over. Returns the last counts."""
    counts = dict.fromkeys(COUNTS, 0)
    for status, _identifier in answers:
        counts |= {name: int(status[keyword].value) for name, keyword in COUNTS.items() if keyword in status}
        if "NumberOfRemainingSuboperations" not in status:
            counts["remaining"] = 0
        _check(status, peer, what)
        done, total = counts["completed"] + counts["warnings"] + counts["failed"], sum(counts.values())
        line.tell(Progress(f"{done} of {total} instances from {peer.name}", done / total if total else None, counts))
    if counts["failed"] and not counts["completed"]:
        raise PeerError(f"{peer.name} could send none of {counts['failed']} instances")
    return counts


def send(entity: AE, task: Send, line: Line) -> dict[str, Any]:
    """C-STORE of all files. What the peer refuses is told, and the others are sent."""
    sent, failed = 0, []
    with associated(entity, task.peer, contexts_for(task.files)) as association:
        for number, file in enumerate(task.files, 1):
            try:
                status = association.send_c_store(dataset_for(file, association.accepted_contexts))
                _check(status, task.peer, "C-STORE")
                sent += 1
            except (ValueError, AttributeError, PeerError) as error:
                failed.append({"sop_instance_uid": file.sop_instance, "why": str(error)})
            if not association.is_established:
                raise PeerError(f"{task.peer.name} broke off after {sent} of {len(task.files)} instances")
            counts = {"sent": sent, "failed": len(failed)}
            line.tell(
                Progress(f"{number} of {len(task.files)} instances to {task.peer.name}", number / len(task.files), counts)
            )
    if failed and not sent:
        raise PeerError(f"{task.peer.name} took none of {len(failed)} instances: {failed[0]['why']}")
    return {"sent": sent, "failed": failed}
