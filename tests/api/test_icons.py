from __future__ import annotations

import pytest
from tests.api.types import TYPES

from brookline.api.icons import icon_of
from brookline.model.live import live_of

CHILD = """\
- type: basic-entity
  name: pictured
  iconUrl: {}
"""


async def added(shop, icon):
    house, ids = shop
    path = f"/applications/{ids['shop']}/entities"
    told = await house.call(
        "POST",
        f"{path}/{ids['web']}/children?start=false",
        data=CHILD.format(icon).encode(),
        headers={"Content-Type": "application/yaml"},
    )
    assert told.status == 201, told.body
    return house, f"{path}/{told.json['result'][0]}"


async def test_the_icon_of_a_blueprint_is_linked_and_led_to(shop):
    icon = "https://icons.example.com/a.svg?size=2"
    house, path = await added(shop, icon)

    told = await house.call("GET", f"{path}/icon")
    fetched = await house.get("/applications/fetch")

    assert (told.status, told.headers["Location"], told.body) == (307, icon, b"")
    link = (await house.get(path))["links"]["iconUrl"]
    assert link == f"/v1{path}/icon"
    assert icon in str(fetched)


async def test_an_icon_that_is_not_on_the_web_is_none(shop):
    house, path = await added(shop, "classpath:///icons/a.png")

    assert (await house.call("GET", f"{path}/icon")).status == 204
    assert "iconUrl" not in (await house.get(path))["links"]


@pytest.mark.parametrize(
    ("written", "icon"),
    [
        ("http://x.example.com/a b\r\nset-cookie: c.png", "http://x.example.com/a%20b%0D%0Aset-cookie:%20c.png"),
        (" https://x.example.com/ü.png ", "https://x.example.com/%C3%BC.png"),
        ("javascript:alert(1)", ""),
        ("https:", ""),
        ("http://[x", ""),
        ("/v1/icon", ""),
        (None, ""),
        (7, ""),
    ],
)  # fmt: skip
def test_only_what_a_browser_could_get_is_an_icon(written, icon):
    tags = ["a", {"kind": "icon_url", "contents": written}]
    record = {"type": "org.apache.brooklyn.entity.stock.BasicEntity", "name": "a", "tags": tags}

    (one,) = live_of(TYPES, {"a": record}, {}).entities()

    assert icon_of(one) == icon
