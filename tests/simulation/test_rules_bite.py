"""Each protective rule is needed: what happens to a plane without it would be noticed."""

from __future__ import annotations

import dataclasses

import pytest
from tests.simulation.directed import STORIES, play

from brookline.journal.rules import Rules

pytestmark = pytest.mark.timeout(10)
"""A schedule that shows what a rule is for is short."""

VIOLATIONS = {
    "keep_fences": "a shows at entry",
    "validate_after_fence": "b shows at entry",
    "one_append_in_flight": "item-2 was acknowledged, but is not in the log",
    "same_bytes_on_undecided": "item-1 is done in entry 3, but everybody said that it was not",
    "lease_stops_side_effects": "a acts under epoch 1 after epoch 2 has acted",
    "immutable_snapshots": "a fresh reader cannot read the log: the log has a gap",
    "deletes_cannot_hit": "a fresh reader cannot read the log: entry",
    "close_connections_after_stop": "item-1 is done in entry 3, but was sent to a while it was",
    "not_done_only_when_unsent": "item-1 is done in entry 3, but everybody said that it was not",
    "decisions_see_append_in_flight": "item-2 was decided on records that were out of date",
    "requests_are_remembered": "item-1 is done twice, in entries",
    "confirm_heartbeats": "a acts under epoch 1 after epoch 2 has acted",
}


def test_there_is_a_story_for_each_rule():
    assert list(STORIES) == list(VIOLATIONS)
    assert set(STORIES) == {field.name for field in dataclasses.fields(Rules)}


@pytest.mark.parametrize("rule", STORIES)
def test_a_plane_that_heeds_all_rules_comes_through(rule):
    harness = play(rule, heeded=True)

    assert not harness.oracle.violations, str(harness.transcript)
    assert harness.oracle.seq > 0


@pytest.mark.parametrize("rule", STORIES)
def test_a_plane_that_does_not_heed_it_is_found_out(rule):
    harness = play(rule, heeded=False)

    assert harness.oracle.violations
    assert harness.oracle.violations[0].startswith(VIOLATIONS[rule])
