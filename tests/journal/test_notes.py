from __future__ import annotations

from typing import TYPE_CHECKING

from tests.journal.house import Journal, sim

from brookline.errors import NotMaster
from brookline.journal.notes import Notes
from brookline.wire.changes import Change, Drop, Merge, Put

if TYPE_CHECKING:
    from brookline.journal.queue import Decision


class Commits:
    """Takes commits, on records of its own."""

    def __init__(self) -> None:
        from brookline.journal.records import Records

        self.records = Records()
        self.made: list[list[Change]] = []
        self.leads = True

    async def __call__(self, decide: object) -> object:
        if not self.leads:
            raise NotMaster
        decision: Decision = decide(self.records)  # type: ignore[operator]
        self.made.append(list(decision.changes))
        self.records.apply(decision.changes)
        return None


def test_readings_of_a_period_are_one_commit() -> None:
    async def story(journal: Journal) -> None:
        commits = Commits()
        commits.records.apply([Put("sensors", "a", {}), Put("sensors", "b", {})])
        notes = Notes(commits, journal.clock, 1.0)
        for i in range(100):
            notes.add(Merge("sensors", "a", {"load": i}))
            notes.add(Merge("sensors", "b", {"up": True}))
        await notes.flush()
        assert commits.made == [
            [Merge("sensors", "a", {"load": 99}), Merge("sensors", "b", {"up": True})]
        ]
        await notes.flush()
        assert len(commits.made) == 1

    sim(story)


def test_they_are_written_once_a_period() -> None:
    import asyncio

    async def story(journal: Journal) -> None:
        commits = Commits()
        notes = Notes(commits, journal.clock, 1.0)
        running = asyncio.ensure_future(notes.run())
        notes.add(Put("sensors", "a", {"x": 1}))
        await journal.clock.sleep(0.9)
        assert commits.made == []
        await journal.clock.sleep(0.2)
        assert commits.made == [[Put("sensors", "a", {"x": 1})]]
        running.cancel()

    sim(story)


def test_a_reading_brings_nothing_back_that_was_deleted() -> None:
    async def story(journal: Journal) -> None:
        commits = Commits()
        commits.records.apply([Put("sensors", "a", {"x": 1})])
        notes = Notes(commits, journal.clock, 1.0)
        notes.add(Merge("sensors", "a", {"x": 2}))
        commits.records.apply([Drop("sensors", "a")])
        await notes.flush()
        assert commits.records.get("sensors", "a") is None

    sim(story)


def test_a_reading_after_a_new_record_joins_it() -> None:
    async def story(journal: Journal) -> None:
        commits = Commits()
        notes = Notes(commits, journal.clock, 1.0)
        notes.add(Put("sensors", "a", {"x": 1}))
        notes.add(Merge("sensors", "a", {"y": 2}))
        await notes.flush()
        assert commits.records.get("sensors", "a") == {"x": 1, "y": 2}

    sim(story)


def test_what_cannot_be_written_is_lost_and_nothing_else() -> None:
    async def story(journal: Journal) -> None:
        commits = Commits()
        commits.leads = False
        notes = Notes(commits, journal.clock, 1.0)
        notes.add(Put("sensors", "a", {"x": 1}))
        await notes.flush()
        commits.leads = True
        notes.add(Put("sensors", "b", {"x": 1}))
        await notes.flush()
        assert commits.made == [[Put("sensors", "b", {"x": 1})]]

    sim(story)
