"""A plane of real servers is broken at random for half a minute, and every promise is kept.

Each store has a run with a seed that stays. One more has a new seed, on the store that the seed says;
both are printed: ``make lab SEED=… STORE=…`` repeats it. What is left of a run that failed is in the
folder that its output names.
"""

from __future__ import annotations

import os
import secrets
import subprocess
import sys
from pathlib import Path

import pytest
from tests.e2e.builds import NEXT
from tests.lab.__main__ import MISSING
from tests.lab.history import load
from tests.lab.schedule import STAYS
from tests.lab.scripts import SCRIPTS
from tests.lab.stores import STORES

from brookline.version import VERSION

pytestmark = [
    pytest.mark.e2e,
    pytest.mark.slow,
    pytest.mark.timeout(300),
]

ROOT = Path(__file__).parents[2]


def on_its_own(store):
    # Runs of one store follow each other; those of two may be beside each other.
    return pytest.param(store, marks=pytest.mark.xdist_group(f"lab-{store}"))


def play(folder, *options, expected=0):
    """Run the lab; return what happened."""
    command = [sys.executable, "-m", "tests.lab", "--folder", str(folder), *options]
    ran = subprocess.run(
        command, cwd=ROOT, capture_output=True, text=True, timeout=280, check=False
    )
    print(ran.stdout, ran.stderr)
    if ran.returncode == MISSING and not os.environ.get("CI"):
        pytest.skip(ran.stdout)
    assert expected in (ran.returncode, None), ran.stdout + ran.stderr
    assert (folder / "picture.svg").read_text().startswith("<svg")
    return load(folder / "history.json")


def keep_all_promises(folder, seed, store):
    print(f"make lab SEED={seed} STORE={store}")
    history = play(folder, "--seed", str(seed), "--store", store, "--seconds", "30")

    assert history.faults
    assert history.ran


@pytest.mark.parametrize("store", [on_its_own(store) for store in STORES])
def test_all_promises_are_kept(tmp_path, store):
    keep_all_promises(tmp_path, STAYS, store)


@pytest.mark.xdist_group("lab-new")
def test_all_promises_are_kept_with_a_new_seed(tmp_path):
    seed = secrets.randbelow(1_000_000)
    keep_all_promises(tmp_path, seed, sorted(STORES)[seed % len(STORES)])


@pytest.mark.xdist_group("lab-directory")
def test_without_namespaces_it_runs_on_loopback(tmp_path):
    history = play(tmp_path, "--seed", "7", "--seconds", "8", "--loopback")

    assert history.network == "loopback"
    assert history.faults


def epochs(history):
    return max(entry.epoch for entry in history.log)


@pytest.mark.xdist_group("lab-directory")
def test_a_master_stays_while_there_is_no_reason_to_replace_it(tmp_path):
    # Cut off from standbys and from clients, with clocks that jump, then without the store.
    history = play(tmp_path, "--script", "no-reason", "--timeout", "6")

    assert epochs(history) == 1


@pytest.mark.xdist_group("lab-directory")
def test_a_master_that_cannot_write_is_replaced_and_acknowledges_nothing_more(tmp_path):
    history = play(tmp_path, "--script", "replaced")

    assert epochs(history) > len(SCRIPTS["replaced"])


@pytest.mark.xdist_group("lab-directory")
def test_a_master_that_no_other_node_reaches_hands_over_where_that_is_wished(tmp_path):
    history = play(tmp_path, "--script", "unreached", "--timeout", "6", "--unreached", "3")

    assert epochs(history) == 2


@pytest.mark.xdist_group("lab-directory")
def test_nodes_of_two_versions_are_one_plane_while_each_is_replaced(tmp_path):
    history = play(tmp_path, "--script", "upgrades", "--timeout", "6")

    logs = [(tmp_path / f"{node}.out").read_text() for node in history.nodes]
    assert all(f"Brookline {VERSION}," in log and f"Brookline {NEXT}," in log for log in logs)
