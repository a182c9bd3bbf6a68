"""The page that `make bench` writes, and the verdicts on it."""

from __future__ import annotations

from pathlib import Path

import pytest

from benchmarks.results import Figure, Pace, Section, pace, write

STEADY, SLOW, UNEVEN = Pace(5.0, 1.1), Pace(6.0, 1.1), Pace(5.1, 1.9)


@pytest.mark.parametrize(
    ("figure", "ratio", "met"),
    [
        (Figure("a", 80, "per s", 100, target_ratio=0.8), 0.8, True),
        (Figure("a", 79, "per s", 100, target_ratio=0.8), 0.79, False),
        (Figure("a", 20, "ms", 10, "lower", target=15), 0.5, False),
        (Figure("a", 15, "ms", 30, "lower", target=15), 2.0, True),
        (Figure("a", 15, "ms", 10, "lower", target=15, target_ratio=1.0), 2 / 3, False),
        (Figure("a", 30, "per s", target_ratio=0.8), None, False),
        (Figure("a", 30, "per s", 60), 0.5, None),
    ],
)
def test_ratio_and_verdict(figure: Figure, ratio: float | None, met: bool | None) -> None:
    assert figure.ratio == pytest.approx(ratio)
    assert figure.met is met


def test_the_page_says_what_it_is_told(tmp_path: Path) -> None:
    page = tmp_path / "results.md"
    write(
        page,
        [
            Section(
                "quiet", [Figure("turning", 31.5, "pictures/s", 40.0, target=30, note="with a note")], [STEADY, STEADY], 12.0
            ),
            Section("slow", [Figure("age", 16.2, "ms", better="lower", target=15)], [STEADY, SLOW], 3.0),
            Section("uneven", [Figure("plain", 1.0, "ms")], [UNEVEN, STEADY], 3.0),
            Section("broken", [], [STEADY, STEADY], 1.0, "ended with 1"),
        ],
    )
    text = page.read_text()
    assert "| turning | 31.50 pictures/s | 40.00 | 0.79 | ≥ 30 pictures/s | met | with a note |" in text
    assert "| age | ≈ 16.20 ms |  |  | ≤ 15 ms | **not met** |  |" in text
    assert "| plain | ≈ 1.00 ms |" in text
    assert "**Failed**: ended with 1" in text
    assert "pace 5.00 ms × 1.10, 6.00 ms × 1.10 (noisy)" in text
    assert "processors" in text
    assert "Python 3" in text
    assert [line for line in text.splitlines() if line.startswith("## ")] == ["## quiet", "## slow", "## uneven", "## broken"]


def test_the_pace_is_measured() -> None:
    found = pace()
    assert found.median_ms > 0
    assert found.spread >= 1
    assert not found.is_noisy(found) or found.spread > 1.5
