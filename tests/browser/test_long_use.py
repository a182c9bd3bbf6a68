"""Rounds of daily use leave nothing behind in the page; `scripts/hours_of_use.py` does the same for hours."""

from __future__ import annotations

import pytest
from playwright.sync_api import Browser

from tests.support.daily_use import begin, held, one_round
from tests.support.live import LiveServer
from tests.support.viewer import viewer

GROWTH_MB = 1.0


@pytest.mark.timeout(400)
def test_rounds_of_daily_use_leave_nothing_behind(browser: Browser, server: LiveServer) -> None:
    with viewer(browser, server.url) as page:
        begin(page)
        there = [markup["id"] for markup in server.get("/api/markups").json()["markups"]]
        one_round(page, server)
        before = held(page, server)
        for _ in range(2):
            one_round(page, server)
        after = held(page, server)
        assert after.objects_mb < before.objects_mb + GROWTH_MB
        assert after.elements < before.elements * 1.1
        assert after.listeners < before.listeners * 1.1
        assert [markup["id"] for markup in server.get("/api/markups").json()["markups"]] == there
