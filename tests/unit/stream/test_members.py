"""Who may do what, as pure rules."""

from __future__ import annotations

import pytest

from backend.api.stream.members import Members
from backend.errors import ForbiddenError, NotFoundError


def roles(members: Members) -> dict[str, str]:
    return {member.id: member.role for member in members.all()}


def test_the_first_to_come_steers_and_the_others_have_the_default_role() -> None:
    members = Members("watch")
    assert members.join("a", "Ada", "steer").role == "steer"
    assert members.join("b", "Bea", "steer").role == "watch"
    assert Members("steer").join("a", "", "watch").role == "watch"  # a wish for less is granted


def test_when_the_last_who_steers_leaves_the_longest_present_takes_over() -> None:
    members = Members("watch")
    for name in "abc":
        members.join(name, name, "steer")
    members.grant("a", "c", "point")
    heir = members.leave("a")
    assert heir is not None
    assert heir.id == "c"  # who pointed goes before who watched
    assert members.leave("b") is None
    assert members.leave("c") is None


def test_roles_are_given_by_who_steers_and_given_up_by_everybody() -> None:
    members = Members("point")
    for name in "abc":
        members.join(name, name, "steer")
    with pytest.raises(ForbiddenError):
        members.grant("b", "b", "steer")
    with pytest.raises(ForbiddenError):
        members.grant("b", "c", "watch")
    members.grant("b", "b", "watch")
    members.grant("a", "b", "steer")
    members.grant("a", "a", "watch")
    assert roles(members) == {"a": "watch", "b": "steer", "c": "point"}
    with pytest.raises(NotFoundError):
        members.grant("b", "z", "watch")


@pytest.mark.parametrize(
    ("role", "may"), [("watch", {"watch"}), ("point", {"watch", "point"}), ("steer", {"watch", "point", "steer"})]
)
def test_each_role_allows_what_it_says(role: str, may: set[str]) -> None:
    members = Members("steer")
    members.join("a", "", "steer")
    members.join("b", "", role)  # type: ignore[arg-type]
    allowed = set()
    for least in ("watch", "point", "steer"):
        try:
            members.require("b", least)  # type: ignore[arg-type]
            allowed.add(least)
        except ForbiddenError:
            pass
    assert allowed == may


def test_who_comes_back_has_the_role_it_had() -> None:
    members = Members("watch")
    first = members.join("a", "", "steer")
    members.join("b", "", "steer")
    members.leave("a")
    members.rejoin(first)
    assert roles(members) == {"b": "steer", "a": "steer"}
