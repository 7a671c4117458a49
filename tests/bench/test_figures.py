"""What the figures are judged by."""

from __future__ import annotations

import pytest
from bench.figures import at_least, at_most, percentile, table, told
from bench.writers import Accepted, Account


def test_a_figure_is_the_median_of_its_rounds():
    figure = at_most("start", [3.0, 1.0, 1.1], 1.2, form="{:.1f} s", brooklyn="3.7 s")

    assert (figure.here, figure.target, figure.verdict) == ("1.1 s", "≤ 1.2 s", "met")


def test_what_must_never_happen_is_judged_by_the_worst_round():
    assert at_most("lost", [0, 0, 1], 0, form="{:.0f}", combine=max).verdict == "MISSED"


@pytest.mark.parametrize(("rate", "verdict"), [(0.29, "MISSED"), (0.3, "met")])
def test_a_rate_has_to_reach_its_target(rate, verdict):
    assert at_least("writes", [rate], 0.3, form="{:.2f}").verdict == verdict


def test_what_is_only_told_has_no_verdict():
    assert told("unit", [27_000.0], form="{:,.0f}/s").verdict == ""


@pytest.mark.parametrize(("share", "value"), [(0.5, 50), (0.99, 99), (1.0, 100)])
def test_a_percentile_is_a_value_that_was_measured(share, value):
    assert percentile([float(number) for number in range(100, 0, -1)], share) == value


def test_one_slow_answer_of_many_is_beyond_the_99th():
    assert percentile([1.0] * 199 + [9.0], 0.99) == 1.0
    assert percentile([1.0] * 97 + [9.0] * 3, 0.99) == 9.0


def test_the_table_has_a_line_for_each_figure():
    lines = table([told("unit", [1.0], form="{:.0f}"), told("other", [2.0], form="{:.0f}")])

    assert [line.split()[0] for line in lines.splitlines()] == ["what", "-----", "unit", "other"]


def accepted(at, port=1):
    return Accepted(key=f"k{at}", entity="e", at=at, port=port, by="", sequence=0)


def test_a_pause_counts_from_the_first_moment_to_the_last():
    account = Account(accepted=[accepted(1.0), accepted(1.5), accepted(3.0)])

    assert account.longest_pause_s(0.9, 3.1) == 1.5
    assert account.longest_pause_s(0.9, 9.0) == 6.0


def test_the_first_write_after_a_failover_is_that_of_the_other_node():
    account = Account(accepted=[accepted(1.0), accepted(2.1, port=1), accepted(2.5, port=2)])

    assert account.first_after(2.0, port=2).at == 2.5
