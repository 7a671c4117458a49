"""What *Manage* has changed is put back as it was: who leads, and the mode that each node wants."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect
from tests.e2e.servers import eventually


def wanted(server):
    """Return the mode wanted and the state of each node."""
    nodes = server.get("/v1/server/ha/states")["nodes"].values()
    return {one["name"]: (one["mode"], one["status"]) for one in nodes}


@pytest.mark.parametrize(
    ("name", "mode", "moves"),
    [
        ("n1", "HOT_STANDBY", True),
        ("n1", "HOT_BACKUP", True),
        ("n2", "HOT_BACKUP", False),
        ("n2", "MASTER", True),
    ],
)
def test_a_mode_that_is_put_back_is_the_one_that_was_wanted(
    cluster, open_screen, name, mode, moves
):
    master, standby = cluster.pair()
    eventually("n1 knows its heir", lambda: cluster.heir(master) == "n2")
    before = wanted(master)
    screen = open_screen(standby, "/about")
    dialog = screen.manage(name)
    dialog.get_by_label("Mode").select_option(mode)
    if moves:
        dialog.get_by_label("I want n1 to stop leading").check()
    dialog.get_by_role("button", name="Apply").click()
    if moves:
        dialog.get_by_role("button", name="Do it now").click()
    expect(dialog.get_by_role("status")).to_contain_text("Done.")
    dialog.get_by_role("button", name="Put it back as it was").click()
    expect(dialog.get_by_role("status")).to_contain_text("Done.")
    expect(screen.strip).to_contain_text("n1 leads since")
    for server in (master, standby):
        eventually(f"{server.name} shows it", lambda of=server: wanted(of) == before)
