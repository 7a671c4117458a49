"""A few of the minutes that `make simulate` runs by the thousand."""

from __future__ import annotations

import pytest
from tests.simulation.minute import run_seed
from tests.simulation.models import MODELS, model_for

pytestmark = [pytest.mark.simulation, pytest.mark.slow]


SEEDS = range(20)


@pytest.mark.parametrize("seed", SEEDS)
def test_a_minute_under_a_nemesis_breaks_nothing_and_replays_exactly(seed):
    first, second = run_seed(seed), run_seed(seed)

    assert not first.violations, first.transcript
    assert first.transcript == second.transcript
    assert first.acknowledged > 0


def test_these_seeds_have_every_kind_of_store():
    assert {model_for(seed).name for seed in SEEDS} == {model.name for model in MODELS}


@pytest.mark.parametrize("model", MODELS, ids=lambda model: model.name)
def test_a_transcript_says_which_kind_of_store_it_was(model):
    assert f"answers_as={model.name}" in run_seed(0, store=model).transcript


def test_another_seed_is_another_story():
    assert run_seed(1).digest != run_seed(2).digest
