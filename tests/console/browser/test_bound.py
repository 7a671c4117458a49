"""What is asked and said about one entity stays with that one, and what is not known is not called nothing."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

PLAN = """name: Shop
services:
- {type: org.apache.brooklyn.entity.stock.BasicStartable, name: left}
- {type: org.apache.brooklyn.entity.stock.BasicStartable, name: right}
"""


@pytest.fixture
def server(cluster):
    return cluster["n1"].start().becomes("master")


@pytest.fixture
def left(server, open_screen):
    """The page of an application, with the first of its two entities chosen."""
    told = server.ask("POST", "/v1/applications", PLAN, headers={"content-type": "text/yaml"})
    screen = open_screen(server, f"/applications/{told.json['entityId']}")
    choose(screen, "left")
    return screen


def choose(screen, entity):
    screen.page.get_by_role("treeitem", name=entity).click()
    expect(screen.page.get_by_role("heading", name=entity)).to_be_visible()


def test_whether_to_stop_is_asked_of_the_entity_whose_button_it_was(left):
    page = left.page
    page.get_by_role("button", name="Stop", exact=True).click()
    expect(page.get_by_role("group", name="Stop left?")).to_be_visible()
    choose(left, "right")
    expect(page.get_by_role("button", name="Stop", exact=True)).to_be_visible()
    expect(page.get_by_role("group", name="Stop")).to_have_count(0)
    choose(left, "left")
    expect(page.get_by_role("group", name="Stop left?")).to_be_visible()
    page.get_by_role("treeitem", name="Shop").click()
    expect(page.get_by_role("heading", name="Shop")).to_have_count(2)
    expect(page.get_by_role("dialog")).to_have_count(0)


def test_what_went_wrong_with_one_entity_is_not_said_of_another(left, server):
    page = left.page
    left.expected += ["net::ERR_"]
    alert = page.get_by_role("alert").filter(has_text="It is not known whether it was done")
    restart = page.get_by_role("button", name="Restart", exact=True)
    expect(restart).to_be_visible()
    server.kill()
    restart.click()
    expect(alert).to_be_visible()
    choose(left, "right")
    expect(alert).to_have_count(0)
    choose(left, "left")
    expect(alert).to_be_visible()
