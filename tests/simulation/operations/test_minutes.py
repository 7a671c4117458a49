"""A few of the minutes of operations that `make simulate` runs by the hundred."""

from __future__ import annotations

import pytest
from tests.simulation.operations.minute import run_seed

pytestmark = [pytest.mark.simulation, pytest.mark.slow]


@pytest.mark.parametrize("seed", range(20))
def test_a_minute_of_operations_under_a_nemesis_breaks_nothing_and_replays_exactly(seed):
    first, second = run_seed(seed), run_seed(seed)

    assert not first.violations, first.transcript
    assert first.transcript == second.transcript
    assert first.steps > 0


@pytest.mark.parametrize(
    "seed", [279, 504, 1012, 1317, 1459, 1681, 1911, 2294, 5185, 30473, 100873]
)
def test_a_seed_that_found_something_finds_it_no_more(seed):
    assert not run_seed(seed).violations
