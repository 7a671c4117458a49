"""The lab bites: a build without some protection is found out within a few runs."""

from __future__ import annotations

import pytest
from tests.lab.checker.verdict import judge
from tests.lab.test_lab import play
from tests.lab.weak import WEAKNESSES

pytestmark = [
    pytest.mark.e2e,
    pytest.mark.slow,
    pytest.mark.timeout(400),
]

RUNS = 4

FOUND = {
    "fences": ("pauses", {"lost"}),
    "memory": ("kills", {"doubled", "ran twice"}),
    "guard": ("kills", {"ran twice"}),
}


def test_each_weakness_is_tried():
    assert set(FOUND) == set(WEAKNESSES)


@pytest.mark.parametrize(
    "weak", [pytest.param(weak, marks=pytest.mark.xdist_group(f"lab-{weak}")) for weak in FOUND]
)
def test_a_build_without_it_is_found_out(tmp_path, weak):
    script, rules = FOUND[weak]
    for seed in range(1, RUNS + 1):
        options = ("--seed", str(seed), "--weak", weak, "--script", script, "--pause", "0.02")
        history = play(tmp_path / str(seed), *options, expected=None)
        if rules & {violation.rule for violation in judge(history).violations}:
            return
    pytest.fail(f"{RUNS} runs without {weak} lost nothing and did nothing twice")
