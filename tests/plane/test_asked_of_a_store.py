"""What a plane asks of its store while nothing is written: the page on capacity says it."""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from tests.plane.house import town

from brookline.stores.memory import MemoryStore

if TYPE_CHECKING:
    from tests.plane.house import Town

PAGE = Path(__file__).parents[2] / "docs" / "capacity.md"
CALLS = ("put", "list", "get")
POLLS = 100


def told() -> list[tuple[int, ...]]:
    """Return the rows of the page's table: nodes, and how often a poll makes each of the calls."""
    table = PAGE.read_text().partition("<!-- requests -->")[2].partition("<!-- /requests -->")[0]
    return [
        tuple(map(int, row)) for row in re.findall(r"^" + r"\| (\d+) " * 4, table, re.MULTILINE)
    ]


@pytest.mark.parametrize("row", told())
def test_a_poll_asks_no_more_than_the_page_says(
    row: tuple[int, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    counts: Counter[str] = Counter()

    def count(name: str) -> None:
        real = getattr(MemoryStore, name)

        async def call(self: MemoryStore, *args: Any) -> Any:
            counts[name] += 1
            return await real(self, *args)

        monkeypatch.setattr(MemoryStore, name, call)

    for name in (*CALLS, "create", "delete"):
        count(name)

    async def story(place: Town) -> None:
        await place.leads("n1")
        for number in range(2, row[0] + 1):
            await place.started(f"n{number}")
        await place.clock.sleep(60)
        counts.clear()
        await place.clock.sleep(POLLS)
        assert tuple(round(counts[name] / POLLS) for name in CALLS) == row[1:]
        assert counts["create"] == counts["delete"] == 0

    town(story)


def test_the_page_has_planes_of_each_size() -> None:
    assert [row[0] for row in told()] == [1, 2, 3]
