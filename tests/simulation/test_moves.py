"""Planes that move to another store under a nemesis; see `moves`."""

from __future__ import annotations

import pytest
from tests.simulation.moves import run_seed

pytestmark = [pytest.mark.simulation, pytest.mark.slow]


@pytest.mark.parametrize("seed", range(10))
def test_a_move_under_a_nemesis_loses_nothing_and_replays_exactly(seed):
    first, second = run_seed(seed), run_seed(seed)

    assert not first.violations, first.transcript
    assert first.transcript == second.transcript
    assert "the plane has moved" in first.transcript
    assert first.acknowledged > 0


def test_the_seeds_cut_moves_short_and_start_nodes_too_early():
    told = [run_seed(seed).transcript for seed in range(10)]

    assert any("tries=1" not in one for one in told)
    assert any("does not start" in one for one in told)
    assert any("start this node with --persistence-dir elsewhere" in one for one in told)


def test_a_move_that_does_not_close_the_old_log_is_found_out():
    assert any(run_seed(seed, closes=False).violations for seed in range(5))
