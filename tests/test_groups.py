"""Tests that disturb each other are in a group, and a group is run by one worker."""

from __future__ import annotations

import os

import pytest


@pytest.mark.skipif("PYTEST_XDIST_WORKER" not in os.environ, reason="there is one worker only")
@pytest.mark.xdist_group("together")
def test_groups_are_kept_together(request):
    # pytest-xdist marks them so; a pytest that passes over that scatters them.
    assert request.node.nodeid.endswith("@together")
