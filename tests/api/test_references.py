from __future__ import annotations

PLAN = """
name: shop
location: localhost
services:
- type: basic-entity
  name: web
  id: web
  brooklyn.config:
    db.url: $brooklyn:entity("db").attributeWhenReady("url")
- type: basic-entity
  name: db
  id: db
"""


async def test_what_entities_take_from_each_other_is_told_on_every_node(pair):
    app = await pair[0].deploy(PLAN)
    ids = {name: (await pair[0].get(f"/applications/{app}/entities/{name}"))["id"]
           for name in ("web", "db")}  # fmt: skip
    for house in pair:
        assert await house.get(f"/applications/{app}/references") == [
            {
                "source": ids["web"],
                "target": ids["db"],
                "key": "db.url",
                "value": '$brooklyn:entity("db").attributeWhenReady("url")',
            }
        ]


async def test_an_application_of_parts_that_need_nobody_has_none(house):
    app = await house.deploy(PLAN.replace("$brooklyn:", ""))
    assert await house.get(f"/applications/{app}/references") == []
    assert (await house.call("GET", "/applications/none/references")).status == 404
