"""A few of the minutes that `make simulate` runs by the thousand."""

from __future__ import annotations

import pytest
from tests.simulation.minute import run_seed

pytestmark = [pytest.mark.simulation, pytest.mark.slow]


@pytest.mark.parametrize("seed", range(20))
def test_a_minute_under_a_nemesis_breaks_nothing_and_replays_exactly(seed):
    first, second = run_seed(seed), run_seed(seed)

    assert not first.violations, first.transcript
    assert first.transcript == second.transcript
    assert first.acknowledged > 0


def test_another_seed_is_another_story():
    assert run_seed(1).digest != run_seed(2).digest
