"""What is cut is cut, in the direction that was meant, and no longer than that."""

from __future__ import annotations

import json
import os
import subprocess

import pytest
from tests.lab.network import can_isolate, isolated
from tests.lab.test_lab import ROOT


@pytest.mark.slow
def test_a_cut_drops_what_goes_one_way():
    if not can_isolate():
        assert not os.environ.get("CI"), "namespaces cannot be made: that takes root, and .ci/lab"
        pytest.skip("no namespaces can be made here")
    command = isolated("tests.lab.crossing", [])

    ran = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=50, check=False)

    assert ran.returncode == 0, ran.stderr
    assert json.loads(ran.stdout) == {
        "before": [True, True],
        "one way": [False, True],
        "both ways": [False, False],
        "after": [True, True],
    }
