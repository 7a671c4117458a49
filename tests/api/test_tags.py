from __future__ import annotations

import pytest

JSON = {"Content-Type": "application/json"}
DEPTH = {"depth_in_ancestor": 1}

DEEP = """\
services:
- type: BasicApplication
  name: inner
  brooklyn.children:
  - type: basic-entity
    name: deepest
"""


@pytest.fixture
async def web(shop):
    """Sends one call about the tags of an entity, as they are kept: without what tells its depth."""
    house, ids = shop
    path = f"/applications/{ids['shop']}/entities/{ids['web']}"

    async def send(call, body):
        return await house.call("POST", f"{path}/tag/{call}", data=body, headers=JSON)

    async def tags():
        found = await house.get(f"{path}/tags")
        assert found.pop() == DEPTH
        return found

    send.tags = tags
    return send


async def test_tags_are_added_once_and_removed(web):
    for tag in (b'"a"', b'{"b": {"c": [1]}}', b"1", b'"a"', b"true", b"1"):
        told = await web("add", tag)
        assert (told.status, told.body) == (204, b"")
    assert await web.tags() == ["a", {"b": {"c": [1]}}, 1, True]

    assert (await web("delete", b"true")).json is True
    assert (await web("delete", b"true")).json is False
    assert (await web("delete", b'{"b": {"c": [1]}}')).json is True
    assert await web.tags() == ["a", 1]


async def test_a_tag_with_one_key_is_set_in_its_place(web):
    await web("add", b'{"owner": "ann"}')
    await web("add", b'{"owner": "ann", "since": 1}')
    for value in (b'"eve"', b'{"name": "eve"}', b"null"):
        assert (await web("upsert/owner", value)).status == 204
    assert (await web("upsert/other", b"2")).status == 204

    kept = await web.tags()

    assert kept == [{"owner": None}, {"owner": "ann", "since": 1}, {"other": 2}]


@pytest.mark.parametrize(
    ("call", "body", "status"),
    [("add", b"null", 400), ("add", b"{", 400), ("delete", b"", 400), ("upsert/a", b"x", 400)],
)
async def test_what_is_no_tag_is_refused(web, call, body, status):
    assert (await web(call, body)).status == status
    assert await web.tags() == []


async def test_what_tells_where_an_entity_came_from_is_not_removed(web):
    assert (await web("delete", b'{"depth_in_ancestor": 1}')).json is False
    assert await web.tags() == []


async def test_tags_tell_how_far_below_the_deployed_one_an_entity_is(shop):
    house, ids = shop
    path = f"/applications/{ids['shop']}/entities"
    yaml = {"Content-Type": "application/yaml"}
    told = await house.call(
        "POST", f"{path}/{ids['web']}/children?start=false", data=DEEP.encode(), headers=yaml
    )
    assert told.status == 201, told.body

    depths = [
        await house.get(f"{path}/{name}/tag/get/depth_in_ancestor")
        for name in ("web", "inner", "deepest")
    ]

    assert depths == [1, 2, 3]
