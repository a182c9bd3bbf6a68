"""Who is on the stream and what each may do: pure rules, no socket and no clock inside (docs/stream.md, "Several people")."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from backend.errors import ForbiddenError, NotFoundError

Role = Literal["steer", "point", "watch"]
LONGEST_NAME = 80
RANKS: dict[Role, int] = {"watch": 0, "point": 1, "steer": 2}


@dataclass
class Member:
    """One client: its id, the name it gave, its role."""

    id: str
    name: str
    role: Role


class Members:
    """Everybody who is there, in the order they came."""

    def __init__(self, default: Role) -> None:
        """`default`: role of those who come while somebody steers; they may wish for less."""
        self._default = default
        self._members: dict[str, Member] = {}

    def join(self, identity: str, name: str, wish: Role) -> Member:
        """A client is there. Who comes while nobody steers does, unless it wishes for less."""
        most = self._default if self._steered else "steer"
        member = Member(identity, name[:LONGEST_NAME], min(wish, most, key=RANKS.__getitem__))
        self._members[identity] = member
        return member

    def rejoin(self, member: Member) -> None:
        """A client is there again, with the role it had."""
        self._members[member.id] = member

    def rename(self, identity: str, name: str) -> None:
        """A client has another name."""
        self._members[identity].name = name[:LONGEST_NAME]

    def leave(self, identity: str) -> Member | None:
        """A client has gone; returns who steers from now on, if that changed: the one who pointed, else watched, longest."""
        self._members.pop(identity, None)
        if self._steered or not self._members:
            return None
        heir = max(self._members.values(), key=lambda member: RANKS[member.role])
        heir.role = "steer"
        return heir

    def grant(self, by: str, who: str, role: Role) -> Member:
        """Give somebody a role: who steers may, and everybody may give up their own.

        Raises:
            ForbiddenError: the asker may not.
            NotFoundError: nobody has this id.
        """
        member, asker = self._members.get(who), self._members[by]
        if member is None:
            raise NotFoundError(f"nobody here has the id {who!r}")
        lowers_itself = by == who and RANKS[role] <= RANKS[asker.role]
        if asker.role != "steer" and not lowers_itself:
            raise ForbiddenError("only who steers may give roles")
        member.role = role
        return member

    def require(self, identity: str, least: Role) -> None:
        """Refuse what a client's role does not allow.

        Raises:
            ForbiddenError: saying so.
        """
        if not self.may(identity, least):
            role = self._members[identity].role
            raise ForbiddenError(f"who may only {role} can not do this; who steers may give you the role {least!r}")

    def may(self, identity: str, least: Role) -> bool:
        """Whether a client's role is this one or more."""
        return RANKS[self._members[identity].role] >= RANKS[least]

    def all(self) -> list[Member]:
        """Everybody, in the order they came."""
        return list(self._members.values())

    @property
    def _steered(self) -> bool:
        return any(member.role == "steer" for member in self._members.values())
