from __future__ import annotations

import itertools
from typing import Any

import pytest
from tests.plane.house import sighting

from brookline.journal.standing import Standing
from brookline.plane.vacancy import Gone, Reason, Situation, find_vacancy

TIMEOUT_S = 30.0
LEADS = {"epoch": 4, "tail": 50, "state": "MASTER"}
OWNED = Standing(owner="n1", fence=50, active=51)


def find(standing: Standing = OWNED, **more: Any) -> Any:
    fields = {
        "epoch": 4, "standing": standing, "owner": sighting("n1", since=100.0, **LEADS),
        "watched_since": 90.0, "gone": None, "looked": 101.0, "now": 101.0, "timeout_s": TIMEOUT_S,
        **more,
    }  # fmt: skip
    return find_vacancy(Situation(**fields))


def test_a_master_that_beats_leaves_no_vacancy() -> None:
    assert find() is None


def test_without_a_fence_the_place_is_free() -> None:
    found = find(Standing(), epoch=0, owner=None)
    assert (found.reason, found.owner, found.since, found.guess) == (
        Reason.FIRST_START,
        "",
        101,
        False,
    )


def test_nobody_follows_in_a_log_that_its_plane_has_left() -> None:
    moved = Standing(owner="copy", fence=50, moved="elsewhere")
    assert find(moved, owner=None, looked=10_000.0, now=10_000.0) is None


def test_who_resigned_is_followed_at_once_by_the_heir() -> None:
    found = find(Standing(owner="n1", fence=50, active=51, resigned=True, heir="n2"))
    assert (found.reason, found.owner, found.heir) == (Reason.RESIGNED, "n1", "n2")
    assert (found.since, found.guess) == (101.0, False)


@pytest.mark.parametrize(
    ("said", "vacant"),
    [
        pytest.param({"epoch": 4, "stopped": True}, True, id="stopped"),
        pytest.param({"epoch": 0}, True, id="leads-nothing"),
        pytest.param({"epoch": 3}, True, id="knows-another-epoch"),
        pytest.param({"epoch": 4}, False, id="leads"),
        pytest.param({"epoch": 0, "tail": 49}, False, id="does-not-know-of-its-fence-yet"),
        pytest.param({"epoch": 4, "stopped": True, "tail": 49}, False, id="speaks-of-before"),
    ],
)
def test_whether_it_leads_is_what_it_says_behind_its_fence(said: dict, vacant: bool) -> None:
    found = find(owner=sighting("n1", since=100.0, **{**LEADS, **said}))
    assert (found is not None) == vacant
    if vacant:
        assert (found.reason, found.guess) == (Reason.LEADS_NO_MORE, False)


@pytest.mark.parametrize("proved", [True, False])
@pytest.mark.parametrize("own_home", [True, False])
def test_a_process_that_is_gone_is_replaced_at_once(proved: bool, own_home: bool) -> None:
    found = find(gone=Gone("refused", proved, own_home, at=100.5))
    assert found.reason is (Reason.OWN_HOME if own_home else Reason.PROCESS_GONE)
    assert (found.evidence, found.guess) == ("refused", not proved)


def test_silence_takes_the_whole_time_out() -> None:
    assert find(looked=129.9, now=129.9) is None
    found = find(looked=130.0, now=130.0)
    assert (found.reason, found.since, found.guess) == (Reason.SILENCE, 100.0, False)


def test_silence_is_counted_up_to_the_last_look() -> None:
    """While the log was being read for long, the master was called silent that nobody looked at."""
    assert find(looked=110.0, now=200.0) is None


def test_a_fence_is_a_sign_of_life() -> None:
    """Whoever fenced after a long silence of its heartbeats was replaced at once."""
    owner = sighting("n1", since=10.0, **LEADS)
    assert find(owner=owner, watched_since=95.0, looked=120.0) is None
    assert find(owner=owner, watched_since=95.0, looked=125.0).since == 95.0


def test_an_owner_that_was_never_seen_has_the_time_out_from_the_sight_of_its_fence() -> None:
    assert find(owner=None, looked=119.0) is None
    assert find(owner=None, looked=120.0).reason is Reason.SILENCE


def promoting(**more: Any) -> Any:
    return sighting("n1", since=130.0, **{**LEADS, **more})


def test_a_promotion_that_stands_still_is_replaced() -> None:
    fenced = Standing(owner="n1", fence=50)
    assert find(fenced, owner=promoting(progress_since=101.0), looked=130.9) is None
    found = find(fenced, owner=promoting(progress_since=101.0), looked=131.0)
    assert (found.reason, found.guess) == (Reason.STUCK, False)


def test_one_that_has_just_begun_is_not_stuck_however_idle_it_was_before() -> None:
    """An idle standby that fenced was taken for stuck by all who saw its fence first."""
    fenced = Standing(owner="n1", fence=50)
    assert (
        find(fenced, owner=promoting(progress_since=1.0), watched_since=129.0, looked=131.0) is None
    )


def test_a_master_that_is_active_need_not_make_progress() -> None:
    assert find(owner=promoting(progress_since=1.0), looked=131.0) is None


def test_there_is_a_reason_exactly_when_there_should_be_one() -> None:
    """All combinations, against the rules as they are written in the design."""
    gones = [
        None,
        Gone("e", proved=True, own_home=False, at=1.0),
        Gone("e", proved=False, own_home=True, at=1.0),
    ]
    for resigned, active, gone, stopped, knows, silent, idle in itertools.product(
        (False, True), (0, 51), gones, (False, True), (False, True), (0.0, 29.0, 31.0), (0.0, 31.0)
    ):
        owner = sighting(
            "n1", since=100.0 - silent, progress_since=100.0 - idle, epoch=4, state="MASTER",
            tail=50 if knows else 49, stopped=stopped,
        )  # fmt: skip
        standing = Standing(owner="n1", fence=50, active=active, resigned=resigned)
        found = find(standing, owner=owner, watched_since=1.0, gone=gone, looked=100.0, now=100.0)
        expected = (
            resigned or gone is not None or (stopped and knows)
            or silent >= 30 or (not active and idle >= 30)
        )  # fmt: skip
        assert (found is not None) == expected
        if found is not None:
            assert found.guess == (not resigned and gone is gones[2])
