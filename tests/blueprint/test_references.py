from __future__ import annotations

from brookline.blueprint.references import references

TEXT = """
name: shop
location: localhost
services:
- type: web
  id: front
  name: Front
  brooklyn.config:
    own: $brooklyn:config("other")
    me: $brooklyn:self().attributeWhenReady("x")
    above: $brooklyn:parent().config("who")
    url: $brooklyn:formatString("http://%s:%s/", component("db").attributeWhenReady("host.name"), config("port"))
    whole: $brooklyn:entity("db")
    deep: {list: [{in: {$brooklyn:entity("db").attributeWhenReady: [port]}}]}
    nobody: $brooklyn:entity("missing").attributeWhenReady("x")
    word: entity("db")
- type: web
  id: db
  name: DB
"""


def test_expressions_lead_to_the_entities_that_they_name(live):
    shop = {one.name: one for one in live(TEXT).entities()}

    found = [(one.key, one.target.name, one.text) for one in references(shop["Front"])]

    assert found == [
        ("above", "shop", '$brooklyn:parent().config("who")'),
        ("url", "DB", '$brooklyn:entity("db").attributeWhenReady("host.name")'),
        ("whole", "DB", '$brooklyn:entity("db")'),
        ("deep", "DB", '$brooklyn:entity("db").attributeWhenReady("port")'),
    ]
    assert references(shop["DB"]) == []
