from __future__ import annotations

import pytest
from tests.journal.house import PLANE, Journal, draft, grow, made, put, sim

from brookline.journal.replica import Replica
from brookline.journal.standing import HISTORY, HISTORY_KEPT, Standing
from brookline.wire.changes import Item
from brookline.wire.entries import (
    Active,
    Batch,
    Collect,
    Fence,
    Payload,
    Resign,
    SnapshotTaken,
)

BATCH = Batch((Item((put("a"),)),))


def after(*payloads: Payload) -> Replica:
    async def story(_: Journal) -> Replica:
        replica = Replica(PLANE)
        await grow(replica, *payloads)
        return replica

    return sim(story)


def standing(*payloads: Payload) -> Standing:
    return after(*payloads).standing


def test_a_fence_makes_its_node_the_owner_and_forgets_the_one_before() -> None:
    now = standing(draft(), Active(), Resign("n2"), Fence("n1", "resigned", "n0", guess=True))
    assert (now.owner, now.owner_name, now.fence, now.active) == ("n1", "n1", 4, 0)
    assert (now.resigned, now.heir, now.guess) == (False, "", True)
    assert (now.replaced, now.replaced_epoch) == ("n0", 1)


def test_active_ends_the_promotion() -> None:
    assert standing(draft(), Active()).active == 2


def test_resign_names_the_heir() -> None:
    now = standing(draft(), Active(), Resign("n2", failed=True))
    assert (now.resigned, now.heir, now.failed) == (True, "n2", True)


def test_snapshots_are_known_from_their_announcement_to_that_of_their_collection() -> None:
    taken = [SnapshotTaken(f"snapshot/{i}-ab", i, 10) for i in (2, 3, 4)]
    now = standing(draft(), Active(), *taken)
    assert [one.seq for one in now.snapshots] == [2, 3, 4]
    now = standing(draft(), Active(), *taken, Collect(3, (), ("snapshot/2-ab",)))
    assert ([one.seq for one in now.snapshots], now.collected) == ([3, 4], 3)


def test_the_log_since_the_last_snapshot_is_counted_in_bytes() -> None:
    replica = after(draft(), Active())
    before = replica.standing.snapshot_log
    entry = made(replica, BATCH)[0]
    assert after(draft(), Active(), BATCH).standing.snapshot_log == before + entry.size
    assert standing(draft(), BATCH, SnapshotTaken("s", 2, 1)).snapshot_log == 0


def test_a_blob_is_known_with_the_last_entry_that_refers_to_it() -> None:
    async def story(_: Journal) -> dict[str, int]:
        replica = Replica(PLANE)
        await grow(replica, draft(), Active())
        for _ in range(2):
            await replica.apply(made(replica, BATCH, blob="blob/1-ab")[0])
        known = replica.standing.blobs
        await grow(replica, Collect(1, ("blob/1-ab",)))
        assert replica.standing.blobs == {}
        return known

    assert sim(story) == {"blob/1-ab": 4}


# --- the history ------------------------------------------------------------------------------


def history(*payloads: Payload) -> list[dict]:
    return list(after(*payloads).records.all(HISTORY).values())


def test_a_mastership_is_told_with_its_reason_and_durations() -> None:
    fence = Fence(
        "n1", "process gone", "n0", evidence="refused", detect_ms=310, elect_ms=20, guess=True
    )
    (told,) = history(fence, Active(45, (), ("web: start",)))
    assert told == {
        "epoch": 1, "node": "n1", "name": "n1", "from": "n0", "reason": "process gone",
        "evidence": "refused", "detectMs": 310, "electMs": 20, "replayMs": 45, "guess": True,
        "interrupted": ["web: start"], "startedUtc": 1, "activeUtc": 1,
    }  # fmt: skip


@pytest.mark.parametrize(
    ("ends", "reason"),
    [
        pytest.param([Resign("n2", "switchover by ann")], "switchover by ann", id="resigned"),
        pytest.param([Resign()], "resigned", id="without-a-word"),
        pytest.param([Resign(reason="x", failed=True)], "promotion failed", id="failed"),
        pytest.param([Fence("n2", "forced", "n1")], "replaced: forced", id="replaced"),
    ],
)
def test_its_end_is_told(ends: list[Payload], reason: str) -> None:
    told = history(draft(), Active(), *ends)[0]
    assert (told["endedUtc"], told["endReason"]) == (1, reason)


def test_the_successor_does_not_change_how_it_ended() -> None:
    told = history(draft(), Active(), Resign(reason="stopped"), Fence("n2", "resigned", "n1"))[0]
    assert told["endReason"] == "stopped"


def test_old_masterships_are_forgotten() -> None:
    told = history(*(Fence("n1", "forced") for _ in range(HISTORY_KEPT + 5)))
    assert [one["epoch"] for one in told] == list(range(6, HISTORY_KEPT + 6))
