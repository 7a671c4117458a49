"""Pages say no more than is known: neither that something was not done, nor that nothing is wrong."""

from __future__ import annotations

import json

import pytest
from playwright.sync_api import expect


@pytest.fixture
def server(cluster):
    return cluster["n1"].start().becomes("master")


@pytest.mark.parametrize(
    ("outcome", "said", "unsaid"),
    [
        ("unknown", "It is not known whether it was deployed.", "It was not deployed."),
        ("not-done", "It was not deployed.", "It is not known whether it was deployed."),
    ],
)
def test_a_deploy_of_which_nobody_knows_how_it_ended_is_not_called_undone(
    server, open_screen, outcome, said, unsaid
):
    screen = open_screen(server, "/deploy")
    page = screen.page
    screen.expected.append("503")
    body = json.dumps({"message": "the store is gone", "data": {"outcome": outcome}})

    def refuse(route):
        route.fulfill(status=503, content_type="application/json", body=body)

    page.route("**/v1/applications", refuse)
    screen.write("name: Shop\nservices:\n- type: basic-entity\n")
    page.get_by_role("button", name="Deploy", exact=True).click()
    expect(page.get_by_role("main")).to_contain_text(said)
    expect(page.get_by_role("main")).not_to_contain_text(unsaid)
