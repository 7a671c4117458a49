"""The log, told by REST."""

from __future__ import annotations

import pytest
from tests.api.conftest import PLAN

from brookline.journal.keys import entry_key

PATH = "/server/ha/journal"


async def page(house, query=""):
    return await house.get(PATH + query)


async def test_it_says_who_led_and_who_changed_what_and_never_a_value(shop):
    house, ids = shop
    told = await page(house)
    kinds = [one["kind"] for one in told["lines"]]
    assert kinds[:2] == ["fence", "active"]
    assert told["last"] == house.node.replica.seq == told["lines"][-1]["sequence"]
    assert told["next"] is None
    changed = {(c["kind"], c["id"]) for one in told["lines"] for c in one.get("changes", ())}
    assert {("entity", one) for one in ids.values()} <= changed
    assert all("value" not in c for one in told["lines"] for c in one.get("changes", ()))


async def test_pages_follow_one_another_without_gap(shop):
    house, _ = shop
    whole = (await page(house))["lines"]
    found, begin = [], 1
    while begin is not None:
        part = await page(house, f"?from={begin}&limit=2")
        assert len({one["sequence"] for one in part["lines"]}) <= 2
        found += part["lines"]
        begin = part["next"]
    assert found == whole
    changes = [change for one in whole for change in one.get("changes", ())]
    locks = {one["name"] for one in changes if one["kind"] == "lock"}
    assert "shop" in locks  # what is locked, and not who locks it


async def test_without_a_beginning_it_is_the_end(shop):
    house, _ = shop
    last = house.node.replica.seq
    told = await page(house, "?limit=1")
    assert {one["sequence"] for one in told["lines"]} == {last}
    assert (await page(house, f"?from={last + 5}"))["lines"] == []
    assert {one["sequence"] for one in (await page(house, "?from=1&to=1"))["lines"]} == {1}


@pytest.mark.parametrize("query", ["", "?from=1", "?from=2&limit=2", "?from=3&to=3"])
async def test_a_page_does_not_pass_over_an_entry_that_is_lost(shop, shelf, query):
    house, _ = shop
    assert (await house.call("GET", PATH + query)).status == 200
    shelf.delete(entry_key(3))
    told = await house.call("GET", PATH + query)
    assert told.status == 500
    assert f"entry {entry_key(3)} is missing" in told.text
    assert (await page(house, "?from=4"))["lines"][0]["sequence"] == 4


async def test_a_standby_tells_it_too(pair):
    master, standby = pair
    await master.deploy(PLAN)
    last = {"Brookline-Sequence": str(master.node.replica.seq)}
    theirs = await standby.call("GET", PATH, headers=last)
    assert theirs.status == 200
    assert theirs.body == (await master.call("GET", PATH)).body


@pytest.mark.parametrize("query", ["?limit=0", "?limit=1001", "?limit=x", "?from=x", "?to=1.5"])
async def test_bad_numbers_are_refused(shop, query):
    house, _ = shop
    told = await house.call("GET", PATH + query)
    assert told.status == 400
