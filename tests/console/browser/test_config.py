"""The Config tab follows what changes elsewhere, and nobody overwrites it without knowing."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

PLAN = """name: Shop
services:
- type: org.apache.brooklyn.entity.stock.BasicApplication
  name: front
"""


@pytest.fixture
def shop(cluster):
    """A standby on which the page is, so that changes reach it by the log; the path of its entity."""
    master, standby = cluster.pair()
    made = master.ask("POST", "/v1/applications", PLAN, headers={"content-type": "text/yaml"})
    app = made.json["entityId"]
    front = master.get(f"/v1/applications/{app}/entities/front")["id"]
    return master, standby, app, front


def config(node, app, entity, **values):
    path = f"/v1/applications/{app}/entities/{entity}/config"
    told = node.ask("POST", path, {key.replace("_", "."): one for key, one in values.items()})
    assert told.status == 204, told


def test_it_shows_what_is_changed_elsewhere_here_and_above(shop, open_screen):
    master, standby, app, front = shop
    screen = open_screen(standby, f"/applications/{app}/entities/{front}/config")
    row = screen.page.get_by_role("row", name="my.size")
    expect(screen.page.get_by_label("Filter by name")).to_be_visible()
    config(master, app, app, my_size="small")
    expect(row).to_contain_text("small")
    config(master, app, front, my_size="medium", my_password="hush")
    expect(row).to_contain_text("medium")
    config(master, app, front, my_size="large")
    expect(row).to_contain_text("large")
    config(master, app, front, my_size=None)
    expect(row).to_contain_text("small")
    expect(screen.page.get_by_role("row", name="my.password")).not_to_contain_text("hush")


def test_what_changes_while_it_is_edited_is_said_at_the_field_and_is_a_choice(shop, open_screen):
    master, standby, app, front = shop
    config(master, app, front, my_size="small")
    screen = open_screen(standby, f"/applications/{app}/entities/{front}/config")
    page, dialog = screen.page, screen.dialog
    edit = page.get_by_role("button", name="Change my.size")
    edit.click()
    field = dialog.get_by_label("Value")
    expect(field).to_have_value("small")
    field.fill("tiny")
    config(master, app, front, my_other=1)
    config(master, app, front, my_size="large")
    elsewhere = dialog.get_by_role("alert").filter(has_text="changed elsewhere")
    expect(elsewhere).to_contain_text("large")
    expect(field).to_have_value("tiny")
    screen.look("config-elsewhere", whole=False)
    dialog.get_by_role("button", name="Save").click()
    expect(elsewhere).to_contain_text("Nothing was saved")
    assert master.get(f"/v1/applications/{app}/entities/{front}/config/my.size") == "large"
    dialog.get_by_role("button", name="Take what it is now").click()
    expect(elsewhere).to_have_count(0)
    expect(field).to_have_value("large")
    field.fill("tiny")
    config(master, app, front, my_size="huge")
    expect(elsewhere).to_contain_text("huge")
    dialog.get_by_role("button", name="Go on with what is typed").click()
    expect(field).to_have_value("tiny")
    dialog.get_by_role("button", name="Save").click()
    expect(dialog).to_have_count(0)
    expect(page.get_by_role("row", name="my.size")).to_contain_text("tiny")
    assert master.get(f"/v1/applications/{app}/entities/{front}/config/my.size") == "tiny"


def test_a_secret_is_not_overwritten_by_what_is_shown_in_its_place(shop, open_screen):
    master, standby, app, front = shop
    config(master, app, front, my_password="hush")
    screen = open_screen(standby, f"/applications/{app}/entities/{front}/config")
    screen.page.get_by_role("button", name="Change my.password").click()
    field = screen.dialog.get_by_label("Value")
    expect(field).to_have_value("")
    screen.dialog.get_by_role("button", name="Save").click()
    expect(field).to_be_focused()
    field.fill("quiet")
    screen.dialog.get_by_role("button", name="Save").click()
    expect(screen.dialog).to_have_count(0)
    path = f"/v1/applications/{app}/entities/{front}/config/my.password"
    assert master.get(path) == "quiet"


def test_an_expression_is_edited_as_it_was_written_and_stays_one(shop, open_screen):
    master, standby, app, front = shop
    config(master, app, front, my_colour="red", my_shade='$brooklyn:config("my.colour")')
    screen = open_screen(standby, f"/applications/{app}/entities/{front}/config")
    page, dialog = screen.page, screen.dialog
    row = page.get_by_role("row", name="my.shade")
    expect(row).to_contain_text("red")
    expect(row).to_contain_text('written as $brooklyn:config("my.colour")')
    screen.look("config-expression", whole=False)
    page.get_by_role("button", name="Change my.shade").click()
    field = dialog.get_by_label("Value")
    expect(field).to_have_value('$brooklyn:config("my.colour")')
    field.fill('$brooklyn:config("my.tint")')
    dialog.get_by_role("button", name="Save").click()
    expect(dialog).to_have_count(0)
    config(master, app, front, my_tint="blue")
    expect(row).to_contain_text("blue")
    path = f"/v1/applications/{app}/entities/{front}/config/my.shade?skipResolution=true"
    assert master.get(path) == '$brooklyn:config("my.tint")'


def test_what_is_inherited_is_written_nowhere_before_it_is_changed(shop, open_screen):
    master, standby, app, front = shop
    config(
        master, app, app, my_number="5", my_colour="red", my_shade='$brooklyn:config("my.colour")'
    )
    screen = open_screen(standby, f"/applications/{app}/entities/{front}/config")
    page, dialog = screen.page, screen.dialog
    field, save = dialog.get_by_label("Value"), dialog.get_by_role("button", name="Save")
    for key, shown in (
        ("my.shade", '$brooklyn:config("my.colour")'), ("my.colour", "red"), ("my.number", '"5"'),
    ):  # fmt: skip
        page.get_by_role("button", name=f"Change {key}").click()
        expect(field).to_have_value(shown)
        expect(save).to_be_disabled()
        expect(dialog).to_contain_text("Nothing has been changed.")
        field.fill("other")
        expect(save).to_be_enabled()
        field.fill(shown)
        expect(save).to_be_disabled()
        dialog.get_by_role("button", name="Cancel").click()
    config(master, app, app, my_number="7", my_colour="blue")
    expect(page.get_by_role("row", name="my.number")).to_contain_text("7")
    expect(page.get_by_role("row", name="my.shade")).to_contain_text("blue")
