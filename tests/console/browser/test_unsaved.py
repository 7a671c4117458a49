"""What is typed is not lost without a question, and a file is taken as it is or not at all."""

from __future__ import annotations

from playwright.sync_api import expect

PLAN = """name: Precious
services:
- type: org.apache.brooklyn.entity.stock.BasicStartable
"""


def asked(page):
    """Have the browser stay where it is whenever it asks; return what it asked."""
    found = []

    def stay(dialog):
        found.append(dialog.type)
        dialog.dismiss()

    page.on("dialog", stay)
    return found


def test_a_blueprint_is_not_left_behind_without_a_question(cluster, open_screen):
    _, standby = cluster.pair()
    screen = open_screen(standby, "/deploy")
    page = screen.page
    questions = asked(page)
    there = page.get_by_role("link", name="Open this page on n1")
    screen.write(PLAN)
    with page.expect_event("dialog"):
        there.click()
    with page.expect_event("dialog"):
        page.evaluate("() => setTimeout(() => location.reload())")
    expect(page.locator(".cm-content")).to_contain_text("name: Precious")
    page.get_by_role("link", name="About").click()  # here it is kept
    with page.expect_event("dialog"):
        there.click()
    page.get_by_role("link", name="Deploy").click()
    expect(page.locator(".cm-content")).to_contain_text("name: Precious")
    page.get_by_role("button", name="Deploy", exact=True).click()
    expect(page.get_by_role("heading", name="Precious").first).to_be_visible()
    assert questions == ["beforeunload"] * 3
    there.click()
    expect(screen.strip).to_contain_text("this page: n1")
    assert len(questions) == 3


def test_what_is_typed_into_a_dialog_is_asked_about_until_it_is_closed(cluster, open_screen):
    server = cluster["n1"].start().becomes("master")
    app = cluster.deploy(server, "Shop")
    screen = open_screen(server, f"/applications/{app}/entities/{app}/config")
    page = screen.page
    questions = asked(page)
    page.get_by_role("checkbox").check()
    page.get_by_role("button", name="Change").first.click()
    screen.dialog.get_by_label("Value").fill("half of")
    with page.expect_event("dialog"):
        page.evaluate("() => setTimeout(() => location.reload())")
    expect(screen.dialog.get_by_label("Value")).to_have_value("half of")
    screen.dialog.get_by_role("button", name="Cancel").click()
    page.reload()
    expect(screen.strip).to_contain_text("this page: n1")
    assert questions == ["beforeunload"]


def test_a_file_that_is_no_utf8_is_refused_with_the_place(cluster, open_screen, tmp_path):
    server = cluster["n1"].start().becomes("master")
    screen = open_screen(server, "/deploy")
    page = screen.page
    editor, file = page.locator(".cm-content"), page.locator("input[type=file]")
    latin, good = tmp_path / "latin.yaml", tmp_path / "good.yaml"
    latin.write_bytes(PLAN.replace("Precious", "café").encode("latin-1"))
    good.write_text(PLAN.replace("Precious", "café"), encoding="utf-8")
    expect(editor).to_contain_text("name: Hello")
    file.set_input_files(latin)
    fault = "latin.yaml is no text in UTF-8, from line 1, column 10 on."
    expect(page.get_by_role("alert")).to_contain_text(fault)
    expect(editor).to_contain_text("name: Hello")
    file.set_input_files(good)
    expect(editor).to_contain_text("name: café")
    expect(page.get_by_role("alert")).to_have_count(0)
