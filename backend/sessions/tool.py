"""Moving the tracked tool, hundreds of times a second, while the scene may be drawing."""

from __future__ import annotations

import numpy as np

from backend.imaging.poses import tool_pose
from backend.scene import commands as c
from backend.sessions.session import Session


def send_pose(session: Session, command: c.Track) -> None:
    """Move the tool to a whole pose (`Track.is_whole`). The next picture shows it; nobody waits for the one being drawn.

    Raises:
        BadRequestError: the numbers make no pose.
        UnavailableError: the scene restarts.
    """
    pose = tool_pose(np.eye(4), command.matrix, command.position, command.quaternion)
    session.send(command, pose.ravel().tolist())


async def move_tool(session: Session, command: c.Track) -> None:
    """Move the tool; where a part of its pose stays as it is, the scene has to say how it is.

    Raises:
        BadRequestError: the numbers make no pose.
        UnavailableError: the scene restarts.
    """
    if command.is_whole and session.status in ("ready", "loading"):
        send_pose(session, command)
    else:
        await session.ask(command, list[float])
