from __future__ import annotations

import asyncio
from typing import Any

import msgspec
from tests.journal.house import Journal, Mastership, draft
from tests.journal.house import sim as journal_sim
from tests.plane.house import heartbeat

from brookline.errors import StoreError
from brookline.journal.keys import node_key
from brookline.journal.rules import ALL_RULES
from brookline.plane.heart import Beat, Heart, LocalPulse, Signs
from brookline.wire.entries import Active, Fence
from brookline.wire.heartbeats import Heartbeat


class Patient:
    """Whose heart it is."""

    def __init__(self, master: Mastership) -> None:
        self.master = master
        self.lively = True
        self.says: dict[str, Any] = {"epoch": 1}
        self.beats: list[Beat] = []

    def signs(self) -> Signs:
        return Signs(content=self.content, lively=lambda: self.lively, report=self.beats.append)

    def content(self) -> Heartbeat:
        return heartbeat("n1", counter=0, **{"tail": self.master.replica.seq, **self.says})


async def patient(journal: Journal) -> tuple[Patient, Heart, Any]:
    whose = Patient(await journal.leads())
    store = journal.store()
    return whose, Heart(store, journal.clock, whose.signs(), poll_s=1.0, rules=ALL_RULES), store


def written(journal: Journal) -> Heartbeat:
    return msgspec.json.decode(journal.shelf.get(node_key("n1")) or b"", type=Heartbeat)


def test_its_counter_rises_with_each_beat() -> None:
    async def story(journal: Journal) -> None:
        whose, heart, _ = await patient(journal)
        for count in (1, 2, 3):
            beat = await heart.beat()
            assert beat.confirmed
            assert written(journal).counter == count
        assert len(whose.beats) == 3
        await whose.master.end()

    journal_sim(story)


def test_it_beats_once_a_poll() -> None:
    async def story(journal: Journal) -> None:
        whose, heart, _ = await patient(journal)
        running = asyncio.ensure_future(heart.run())
        await journal.clock.sleep(10.5)
        assert len(whose.beats) == 11
        running.cancel()
        await whose.master.end()

    journal_sim(story)


def test_own_entries_behind_the_tail_confirm_it() -> None:
    async def story(journal: Journal) -> None:
        whose, heart, _ = await patient(journal)
        whose.says["tail"] = whose.master.replica.seq
        for i in range(5):
            await whose.master.put(f"i{i}")
        assert (await heart.beat()).confirmed
        await whose.master.end()

    journal_sim(story)


def test_another_epoch_behind_the_tail_does_not() -> None:
    async def story(journal: Journal) -> None:
        whose, heart, _ = await patient(journal)
        whose.says["tail"] = whose.master.replica.seq
        await whose.master.put("x")
        journal.append(whose.master.replica, Fence("n2", "forced"), node="n2")
        beat = await heart.beat()
        assert (beat.confirmed, beat.fenced_by) == (False, 2)
        assert written(journal).counter == 1  # it was sent all the same
        await whose.master.end()

    journal_sim(story)


def test_who_leads_nothing_need_not_look() -> None:
    async def story(journal: Journal) -> None:
        whose, heart, store = await patient(journal)
        journal.append(whose.master.replica, draft(), node="n2")
        for says in ({"epoch": 0}, {"epoch": 1, "stopped": True}):
            whose.says = says
            assert (await heart.beat()).confirmed
        assert store.asked("get") == 0
        await whose.master.end()

    journal_sim(story)


def test_the_lease_counts_from_before_anything_was_sent() -> None:
    async def story(journal: Journal) -> None:
        whose, heart, store = await patient(journal)

        async def slow(_: str) -> None:
            await journal.clock.sleep(3.0)

        store.before = slow
        before = journal.clock.boottime()
        assert (await heart.beat()).started == before
        assert journal.clock.boottime() > before
        await whose.master.end()

    journal_sim(story)


def test_without_a_store_or_a_lively_node_it_is_not_confirmed() -> None:
    async def story(journal: Journal) -> None:
        whose, heart, store = await patient(journal)

        async def fail(_: str) -> None:
            raise StoreError("no")

        store.before = fail
        beat = await heart.beat()
        assert (beat.confirmed, beat.sent is None) == (False, False)
        whose.lively = False
        beat = await heart.beat()
        assert (beat.confirmed, beat.sent) == (False, None)
        await whose.master.end()

    journal_sim(story)


def test_what_is_in_its_way_is_told_with_each_beat_and_logged_once(caplog: Any) -> None:
    async def story(journal: Journal) -> None:
        whose, heart, store = await patient(journal)

        async def fail(_: str) -> None:
            raise StoreError("no space left")

        caplog.set_level("INFO", "brookline.plane")
        store.before = fail
        assert [(await heart.beat()).trouble for _ in range(3)] == ["no space left"] * 3
        store.before = None
        assert [(await heart.beat()).trouble for _ in range(2)] == ["", ""]
        assert [record.getMessage() for record in caplog.records] == [
            "heartbeat not confirmed", "heartbeat confirmed again",
        ]  # fmt: skip
        await whose.master.end()

    journal_sim(story)


def test_a_damaged_entry_behind_the_tail_does_not_kill_it() -> None:
    async def story(journal: Journal) -> None:
        whose, heart, _ = await patient(journal)
        entry = journal.append(whose.master.replica, Active())
        from brookline.journal.keys import entry_key

        journal.shelf.put(entry_key(entry.seq), b"rubbish")
        assert not (await heart.beat()).confirmed
        await whose.master.end()

    journal_sim(story)


def test_two_who_want_a_beat_get_one_after_the_other() -> None:
    async def story(journal: Journal) -> None:
        whose, heart, _ = await patient(journal)
        beats = await asyncio.gather(heart.beat(), heart.beat())
        assert [beat.sent.counter for beat in beats if beat.sent] == [1, 2]
        await whose.master.end()

    journal_sim(story)


def test_a_local_pulse_beats_until_it_is_stopped() -> None:
    async def story(journal: Journal) -> None:
        whose, _, store = await patient(journal)
        pulse = LocalPulse(store, journal.clock, poll_s=1.0, rules=ALL_RULES)
        await pulse.start(whose.signs())
        await journal.clock.sleep(2.5)
        await pulse.stop()
        await journal.clock.sleep(5.0)
        assert len(whose.beats) == 3
        await whose.master.end()

    journal_sim(story)
