"""Who leads, as a node sees it: each phase between one master and the next."""

from __future__ import annotations

import dataclasses
import types

import msgspec
import pytest

from brookline.api.plane_events import Phase, last_entry, view_of
from brookline.journal.standing import Standing
from brookline.plane.members import Member
from brookline.plane.states import NodeState
from brookline.wire.heartbeats import Heartbeat

POLL_S = 1.0


def member(name, *, age_ms=0, state=NodeState.HOT_STANDBY, rank=None, is_me=False):
    beat = Heartbeat(
        instance=f"i-{name}", name=name, home="h", counter=1, state=state.value, mode="AUTO",
        wall_ms=0,
    )  # fmt: skip
    return Member(beat, state, age_ms, 0, rank, is_master=False, is_me=is_me)


def node(standing, *members, row=None, plane="p", leads=True, state="MASTER", cut_off_since_ms=0):
    records = types.SimpleNamespace(get=lambda kind, epoch: row)
    return types.SimpleNamespace(
        replica=types.SimpleNamespace(standing=standing, records=records),
        epoch=3, plane_id=plane, members=lambda: list(members), leads=lambda: leads,
        state=NodeState(state), cut_off_since_ms=cut_off_since_ms,
    )  # fmt: skip


LEADS = Standing(owner="i-n1", owner_name="n1", fence=5, active=6)
ROW = {"startedUtc": 1_000, "activeUtc": 2_000}
ME = member("n2", rank=0, is_me=True)


@pytest.mark.parametrize(
    ("seen", "phase", "says"),
    [
        pytest.param(
            node(LEADS, member("n1", age_ms=900, state=NodeState.MASTER), ME, row=ROW),
            Phase.LED, "n1 leads since 1970-01-01T00:00:02Z", id="it beats",
        ),
        pytest.param(
            node(LEADS, member("n1", age_ms=3400, state=NodeState.MASTER), ME, row=ROW),
            Phase.SILENT, "n1, the master, silent for 3 s", id="it has not beaten for a while",
        ),
        pytest.param(
            node(LEADS, member("n1", age_ms=40_000, state=NodeState.FAILED), ME, row=ROW),
            Phase.SILENT, "n1, the master, silent for 40 s", id="it counts as failed",
        ),
        pytest.param(
            node(LEADS, member("n1", age_ms=500, state=NodeState.FAILED), ME, row=ROW),
            Phase.GONE, "n1, the master, has ended", id="its process is proved to be gone",
        ),
        pytest.param(
            node(LEADS, member("n1", age_ms=9000, is_me=True, state=NodeState.MASTER), row=ROW),
            Phase.LED, "n1 leads since 1970-01-01T00:00:02Z", id="it is this node",
        ),
        pytest.param(
            node(LEADS, member("n1", age_ms=9000, is_me=True), row=ROW, leads=False),
            Phase.SILENT, "n1, the master, silent for 9 s", id="it is this node, without its lease",
        ),
        pytest.param(
            node(LEADS, member("n1", is_me=True), row=ROW, leads=False, state="INITIALIZING"),
            Phase.TAKING_OVER, "n1 takes over", id="it is this node, and does not serve yet",
        ),
        pytest.param(
            node(LEADS, member("n1", state=NodeState.MASTER), ME, row=ROW, cut_off_since_ms=7_000),
            Phase.CUT_OFF,
            "this node has had no answer from the store since 1970-01-01T00:00:07Z; n1 led then",
            id="the store is away",
        ),
        pytest.param(
            node(LEADS, member("n1", state=NodeState.MASTER), ME, row=ROW, cut_off_since_ms=7_001),
            Phase.LED, "n1 leads since 1970-01-01T00:00:02Z", id="the store has missed a beat",
        ),
        pytest.param(
            node(Standing(), ME, cut_off_since_ms=7_000),
            Phase.CUT_OFF,
            "this node has had no answer from the store since 1970-01-01T00:00:07Z",
            id="the store of a new plane is away",
        ),
        pytest.param(
            node(LEADS, ME), Phase.LED, "n1 leads", id="it was never seen to beat",
        ),
        pytest.param(
            node(
                Standing(owner="i-n2", owner_name="n2", fence=7, replaced="i-n1"),
                member("n1"), ME, row=ROW,
            ),
            Phase.TAKING_OVER, "n2 takes over from n1", id="its promotion is not finished",
        ),
        pytest.param(
            node(Standing(owner="i-n1", owner_name="n1", active=6, resigned=True, heir="i-n2"), ME),
            Phase.VACANT, "n1 has left; n2 is next", id="it has named who follows",
        ),
        pytest.param(
            node(Standing(owner="i-n1", owner_name="n1", active=6, resigned=True), ME),
            Phase.VACANT, "n1 has left; n2 is next", id="the first in line follows",
        ),
        pytest.param(
            node(Standing(owner="i-n1", owner_name="n1", active=6, resigned=True)),
            Phase.VACANT, "n1 has left", id="nobody is there to follow",
        ),
        pytest.param(
            node(Standing(), ME), Phase.ALONE, "nobody leads, and nobody has yet", id="a new plane",
        ),
        pytest.param(
            node(Standing(), ME, plane=""),
            Phase.UNKNOWN, "this node has not read the store yet", id="no store yet",
        ),
    ],
)  # fmt: skip
def test_each_phase_is_a_fact_to_be_shown(seen, phase, says):
    view = view_of(seen, POLL_S, 10_000)
    assert (view.phase, view.says()) == (phase, says)
    assert view.told()["says"] == says
    assert view.lasting().silent_ms == 0


def test_the_last_entry_is_told_with_the_time_at_which_it_was_written():
    def beating(name, *, is_master, **said):
        one = member(name)
        beat = msgspec.structs.replace(one.heartbeat, **said)
        return dataclasses.replace(one, heartbeat=beat, is_master=is_master)

    other = beating("n2", is_master=False, tail=40, commit_age_ms=5, wall_ms=9_000)
    master = beating("n1", is_master=True, tail=41, commit_age_ms=250, wall_ms=10_000)
    assert last_entry(node(LEADS, other, master)) == {"seq": 41, "at": 9_750}
    fresh = beating("n1", is_master=True, tail=41, commit_age_ms=-1)
    assert last_entry(node(LEADS, other, fresh)) is None
