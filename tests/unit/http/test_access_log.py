"""The panel's log: bounded, numbered, filtered."""

from __future__ import annotations

from backend.http.access_log import LONGEST_TEXT, AccessLog


def filled() -> AccessLog:
    log = AccessLog(4)
    for number in range(1, 7):
        log.add(
            "access", "warning" if number % 2 else "info", text=f"text {number}", method="GET", path=f"/{number}", status=200
        )
    return log


def test_only_the_newest_are_kept_and_numbers_go_on() -> None:
    assert [entry.n for entry in filled().find()] == [3, 4, 5, 6]


def test_filters() -> None:
    log = filled()
    assert [entry.n for entry in log.find(after=4)] == [5, 6]
    assert [entry.n for entry in log.find(level="warning")] == [3, 5]
    assert [entry.n for entry in log.find(kind="exec")] == []
    assert [entry.n for entry in log.find(text="TEXT 5")] == [5]
    assert [entry.n for entry in log.find(text="get /4 200")] == [4]
    assert [entry.n for entry in log.find(limit=2)] == [5, 6]
    assert log.find(after=99) == []


def test_clearing_forgets_and_is_told() -> None:
    log = filled()
    log.clear()
    assert (log.find(), log.cleared) == ([], 6)
    log.add("exec", "info", text="x" * 9000)
    (entry,) = log.find()
    assert (entry.n, len(entry.text)) == (7, LONGEST_TEXT)
