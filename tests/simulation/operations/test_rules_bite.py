"""Each rule that protects operations is needed: what happens without it would be noticed."""

from __future__ import annotations

import dataclasses

import pytest
from tests.simulation.operations.stories import STORIES, play

from brookline.locations import guarded
from brookline.locations.recorded import RecordedGuard
from brookline.operations import ledger, locks, operation, runner, supervisor, taking_up
from brookline.operations.ledger import Ledger
from brookline.operations.track import Track
from brookline.testing.sim_machine import GuardRules

GUARD = [field.name for field in dataclasses.fields(GuardRules)]

BROKEN = {
    "outcomes_are_remembered": [(operation, "outcome_of", lambda *_: None)],
    "once_is_committed_before": [(Ledger, "begin_once", lambda *_: _nothing())],
    "locks_are_restored": [(supervisor, "held", lambda _: {})],
    "turns_of_locks_are_known": [(locks, "turn_key", lambda *_: "unknown")],
    "changed_steps_are_noticed": [
        (Track, "check", lambda *_: None),
        (Track, "check_all_taken", lambda *_: None),
    ],
    "changed_records_are_noticed": [
        (Track, "check_new_mark", lambda *_: None),
        (Track, "check_all_taken", lambda *_: None),
    ],
    "readings_are_kept": [(Ledger, "keep", lambda *_: _nothing())],
    "lost_folders_are_doubted": [(RecordedGuard, "check", lambda *_: _nothing())],
    "machines_are_waited_for": [
        (guarded, "may_wait", lambda *_: False),
        (runner, "may_wait", lambda *_: False),
    ],
    "what_is_given_up_is_ended": [(ledger, "endings_of", lambda *_: [])],
    "turns_are_in_the_log": [(taking_up, "waits", lambda _: False)],
}
"""What stands in the place of a rule that the code of operations would not heed."""

VIOLATIONS = {
    "outcomes_are_remembered": "changes result of",
    "once_is_committed_before": "is done 2 times",
    "locks_are_restored": "is done in a section of e1 after the next began",
    "turns_of_locks_are_known": "is done in a section of e1 after the next began",
    "changed_steps_are_noticed": "returned",
    "changed_records_are_noticed": "returned",
    "readings_are_kept": "without an outcome of",
    "lost_folders_are_doubted": "is done 2 times",
    "machines_are_waited_for": "is called failed, and did not",
    "what_is_given_up_is_ended": "ends after",
    "turns_are_in_the_log": "its turn is not in the log",
    "refuse_lower_epochs": "under epoch 1 after 2",
    "keep_claims": "is done 2 times",
    "keep_marks": "was cancelled",
    "know_folder": "is done 2 times",
    "know_boot": "is done 2 times",
    "tell_gone": "is done 2 times",
}


async def _nothing() -> None:
    pass


def test_there_is_a_story_for_each_rule():
    assert list(STORIES) == [*BROKEN, *GUARD] == list(VIOLATIONS)


@pytest.mark.parametrize("rule", STORIES)
def test_operations_that_heed_all_rules_come_through(rule):
    harness = play(rule)

    assert not harness.oracle.violations, str(harness.transcript)


@pytest.mark.parametrize("rule", STORIES)
def test_operations_that_do_not_heed_it_are_found_out(rule, monkeypatch):
    for place, name, instead in BROKEN.get(rule, ()):
        monkeypatch.setattr(place, name, instead)
    harness = play(rule, GuardRules(**{rule: False}) if rule in GUARD else None)

    assert any(VIOLATIONS[rule] in what for what in harness.oracle.violations), str(
        harness.transcript
    )
