"""A session described for clients."""

from __future__ import annotations

from typing import Any

import msgspec

from backend.sessions.session import Session

LABEL_MAP = "vtkMRMLLabelMapVolumeNode"


def describe(session: Session) -> dict[str, Any]:
    """The scene as `welcome.scene` of docs/stream.md has it."""
    info = session.info
    return {
        "status": session.status,
        "views": info.views,
        "volumes": [
            {"id": node.id, "name": node.name} | ({"labels": True} if node.class_name == LABEL_MAP else {})
            for node in info.volumes
        ],
        "layout": info.layout,
        "gl": info.gl,
        "composition": msgspec.to_builtins(info.composition),
        "contents": info.contents,
        "follow_tool": info.follow_tool,
        "segments": info.segments,
        "load_faults": msgspec.to_builtins(session.load_faults.told),
    }
