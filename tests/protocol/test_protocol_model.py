"""The protocol is safe with all its rules, and with none of them left out."""

from __future__ import annotations

import pytest
from tests.protocol.explore import BITES, SMALL, explore
from tests.protocol.rules import Bounds, Rules
from tests.protocol.world import DATA, FENCE, State

VIOLATIONS = {
    "keep_fences": "2:data by A was acknowledged, but no reader will see it",
    "validate_after_fence": "3:data by B was acknowledged, but no reader will see it",
    "heed_unannounced_snapshots": "3:data by B was acknowledged, but no reader will see it",
    "readers_check_fences": "B has replayed [1:fence 1 by A, 2:fence 2 by B], which is no prefix",
    "one_append_in_flight": "3:data by A was acknowledged, but no reader will see it",
    "same_bytes_on_undecided": "2:data by A was called failed, but is in the log",
    "compare_on_exists": "2:data by A was called failed, but is in the log",
    "doubt_when_gone": "2:data by A was called failed, but is in the log",
    "immutable_snapshots": "who reads the log now sees [1:fence 1 by A, 2:fence 2 by B], but",
    "announce_collection": "blob-2 is referred to, but was deleted",
    "deletes_cannot_hit": "blob is referred to, but was deleted",
}


@pytest.mark.slow
@pytest.mark.parametrize("bounds", SMALL.values(), ids=SMALL.keys())
def test_with_all_rules_nothing_can_go_wrong(bounds):
    result = explore(Rules(), bounds)

    assert not result.broken, "\n".join(result.story)
    assert result.states > 30_000, "so few worlds prove nothing"


@pytest.mark.slow
@pytest.mark.parametrize("rule", Rules.names())
def test_without_one_rule_a_write_can_be_lost(rule):
    result = explore(Rules().without(rule), BITES[rule])

    assert result.broken.startswith(VIOLATIONS[rule])
    assert result.story


def a_late_fence_in_a_collected_slot(s: State) -> str:
    strays = [e for e in s.slots if e is not None and e.kind == FENCE and e not in s.history]
    return "stray" if strays else ""


def a_write_above_a_collected_one_by_another_master(s: State) -> str:
    collected = [e for e in s.history if e.kind == DATA and s.slots[e.seq - 1] is None]
    later = [e for e in s.history if e.kind == DATA and collected and e.by != collected[0].by]
    return "taken over" if later else ""


@pytest.mark.slow
@pytest.mark.parametrize(
    ("sought", "bounds"),
    [
        pytest.param(a_late_fence_in_a_collected_slot, SMALL["two nodes, five slots"], id="stray"),
        pytest.param(
            a_write_above_a_collected_one_by_another_master,
            Bounds(slots=6, in_flight=1),
            id="taken-over",
        ),
    ],
)
def test_the_model_comes_to_where_it_is_dangerous(sought, bounds):
    assert explore(Rules(), bounds, sought).broken


def test_a_story_begins_at_the_beginning_and_ends_with_the_violation():
    result = explore(Rules().without("same_bytes_on_undecided"), BITES["same_bytes_on_undecided"])

    assert result.story == (
        "A finds slot 1 empty and asks for 1:fence 1 by A",
        "1:fence 1 by A: created",
        "A leads under epoch 1",
        "A sends 2:data by A",
        "A calls 2:data by A failed and sends 2:data (another) by A",
        "2:data by A: created, but nobody hears of it",
    )
