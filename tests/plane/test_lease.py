from __future__ import annotations

from brookline.plane.lease import Lease
from brookline.testing.clock import SimClock

NOW = [0.0]


def lease() -> tuple[Lease, SimClock]:
    NOW[0] = 0.0
    clock = SimClock(lambda: NOW[0], asleep_s=1000.0)
    return Lease(clock, 30.0), clock


def test_it_holds_for_the_time_out_from_the_start_of_the_heartbeat() -> None:
    held, clock = lease()
    held.renew(4, clock.boottime())
    NOW[0] = 29.9
    assert held.holds(4)
    NOW[0] = 30.0
    assert not held.holds(4)


def test_nothing_new_is_started_in_its_last_third() -> None:
    held, clock = lease()
    held.renew(4, clock.boottime())
    NOW[0] = 19.9
    assert held.may_start(4)
    NOW[0] = 20.1
    assert not held.may_start(4)
    assert held.holds(4)


def test_it_counts_while_the_machine_sleeps() -> None:
    held, clock = lease()
    held.renew(4, clock.boottime())
    clock.hold(boottime_too=False)
    NOW[0] = 40.0
    clock.release()
    assert clock.monotonic() < 1.0
    assert not held.holds(4)


def test_it_is_of_one_epoch() -> None:
    held, clock = lease()
    held.renew(4, clock.boottime())
    assert not held.holds(5)
    assert not held.may_start(3)
    assert held.left_s(5) == 0.0


def test_it_does_not_hold_before_the_first_heartbeat() -> None:
    held, _ = lease()
    assert not held.holds(1)


def test_a_confirmed_heartbeat_renews_it_also_after_it_lapsed() -> None:
    held, clock = lease()
    held.renew(4, clock.boottime())
    NOW[0] = 60.0
    held.renew(4, clock.boottime())
    assert held.holds(4)
