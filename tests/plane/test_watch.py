from __future__ import annotations

from typing import Any

from tests.plane.house import heartbeat

from brookline.plane.watch import Watch


def see(watch: Watch, now: float, *beats: Any, began: float | None = None, lost: str = "") -> None:
    found = {beat.instance: beat for beat in beats}
    found |= dict.fromkeys(lost)
    watch.see(found, began=now if began is None else began, now=now, wall_ms=int(now * 1000))


def test_a_counter_that_rises_is_a_sign_of_life() -> None:
    watch = Watch()
    see(watch, 1.0, heartbeat("a", counter=5))
    seen = watch.find("a")
    assert seen is not None
    assert (seen.since, seen.rises, seen.risen_wall_ms) == (1.0, 0, None)
    see(watch, 2.0, heartbeat("a", counter=5))
    assert (seen.since, seen.rises) == (1.0, 0)
    see(watch, 3.0, heartbeat("a", counter=6))
    assert (seen.since, seen.rises, seen.risen_wall_ms) == (3.0, 1, 3000)


def test_an_older_heartbeat_that_lands_late_is_passed_over() -> None:
    watch = Watch()
    see(watch, 1.0, heartbeat("a", counter=5, tail=9))
    see(watch, 2.0, heartbeat("a", counter=3, tail=4))
    seen = watch.find("a")
    assert seen is not None
    assert (seen.heartbeat.tail, seen.since, seen.rises) == (9, 1.0, 0)


def test_one_that_cannot_be_read_stays_what_it_was() -> None:
    """After a power cut a heartbeat may be empty; its node was forgotten, and had to rise anew."""
    watch = Watch()
    see(watch, 1.0, heartbeat("a", counter=5))
    see(watch, 2.0, heartbeat("a", counter=6))
    see(watch, 3.0, lost="a")
    seen = watch.find("a")
    assert seen is not None
    assert (seen.since, seen.rises) == (2.0, 1)
    see(watch, 4.0, lost="b")
    assert watch.find("a") is None  # its key is gone
    assert watch.find("b") is None  # and this one was never read


def test_who_is_buried_by_its_successor_says_so_without_rising() -> None:
    watch = Watch()
    see(watch, 1.0, heartbeat("a", counter=5))
    see(watch, 2.0, heartbeat("a", counter=5, state="TERMINATED", stopped=True))
    seen = watch.find("a")
    assert seen is not None
    assert (seen.heartbeat.stopped, seen.rises) == (True, 0)


def test_progress_is_timed_by_itself() -> None:
    watch = Watch()
    see(watch, 1.0, heartbeat("a", counter=1))
    seen = watch.find("a")
    assert seen is not None
    see(watch, 2.0, heartbeat("a", counter=2))
    assert seen.progress_since == 1.0
    for now, more in ((3.0, {"replayed": 1}), (4.0, {"tail": 1}), (5.0, {"epoch": 1})):
        see(watch, now, heartbeat("a", counter=int(now), **more))
        assert seen.progress_since == now


def test_silences_begin_anew_when_this_node_was_in_trouble_itself() -> None:
    watch = Watch()
    see(watch, 1.0, heartbeat("a"))
    watch.restart(9.0)
    seen = watch.find("a")
    assert seen is not None
    assert (seen.since, seen.progress_since) == (9.0, 9.0)
    # But that is no sign of life: who is dead does not stand in an election by it.
    assert (seen.rises, seen.risen) == (0, float("-inf"))


def test_it_knows_up_to_when_it_has_looked() -> None:
    watch = Watch()
    see(watch, 9.0, heartbeat("a"), began=5.0)
    assert watch.looked == 5.0
