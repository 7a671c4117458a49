"""Pages say no more than is known: neither that something was not done, nor that nothing is wrong."""

from __future__ import annotations

import json

import pytest
from playwright.sync_api import expect
from tests.e2e.servers import QUICK, eventually

_FORM = {"content-type": "application/x-www-form-urlencoded"}
_ALSO_HERE = {"Brooklyn-Allow-Non-Master-Access": "true"}


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


def test_a_deploy_whose_answer_goes_with_its_master_is_in_doubt_until_it_is_known_and_done_once(
    cluster, open_screen
):
    n1, n2 = cluster.pair(*QUICK)
    mode = n2.ask("POST", "/v1/server/ha/state", "mode=HOT_BACKUP", headers=_FORM | _ALSO_HERE)
    assert mode.status == 200, mode
    eventually("n2 never leads", lambda: n2.state() == "HOT_BACKUP")
    screen = open_screen(n1, "/deploy")
    page, main = screen.page, screen.page.get_by_role("main")
    screen.expected += ["net::ERR_", "503"]

    def names(node):
        return [app["spec"]["name"] for app in node.get("/v1/applications")]

    sent = []

    def lose_the_first(route):
        if route.request.method != "POST":
            return route.continue_()
        sent.append(route.request.headers["idempotency-key"])
        if len(sent) > 1:
            return route.continue_()
        assert route.fetch().status == 201
        eventually("n2 has it", lambda: names(n2) == ["Shop"])
        n1.kill()
        return route.abort("connectionreset")

    page.route("**/v1/applications", lose_the_first)
    screen.write("name: Shop\nservices:\n- type: basic-entity\n")
    deploy = page.get_by_role("button", name="Deploy", exact=True)
    deploy.click()
    # The page has asked n2 by itself, which can do nothing of the kind.
    expect(main).to_contain_text("no master within the time")
    expect(main).to_contain_text("It is not known whether it was deployed.")
    expect(main).to_contain_text("It may have been")
    expect(main).not_to_contain_text("Nothing was done")
    n1.start(*QUICK).becomes("master")
    expect(screen.strip).to_contain_text("n1 leads since")
    deploy.click()
    expect(page.get_by_role("heading", name="Shop").first).to_be_visible()
    assert len(set(sent)) == 1
    assert names(n1) == ["Shop"]
