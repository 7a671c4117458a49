from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from brookline.blueprint.evaluate import config_now, resolve, resolve_config, resolve_now
from brookline.errors import InvalidInput, NotFound

if TYPE_CHECKING:
    from collections.abc import Callable

    from brookline.blueprint.waiting import WhenReady
    from brookline.model.entity import Entity
    from brookline.model.live import Live

TEXT = """
name: shop
location: localhost
brooklyn.config:
  who: $brooklyn:entityId()
  deep: {list: [a, {b: c}]}
services:
- type: web
  id: front
  name: Front
  brooklyn.config:
    above: $brooklyn:parent().config("who")
    url: $brooklyn:formatString("http://%s:%s/", component("db").attributeWhenReady("host.name"), config("port"))
    port: 8080+
    env: {A: 1, ID: $brooklyn:entityId()}
    item: $brooklyn:config("deep")["list"][1]["b"]
    self: $brooklyn:config("other")
    other: $brooklyn:config("self")
    numbers: ["1", "2"]
- type: web
  id: db
  name: DB
  brooklyn.config: {shell.env: {B: $brooklyn:self().config("who")}}
  brooklyn.children:
  - {type: web, id: inner, name: Inner}
  - {type: web, id: twin, name: Near twin}
- {type: web, id: twin, name: Far twin}
"""


class Ready:
    """Answers for all sensors, and notes who asked."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, str, str]] = []

    async def sensor(self, waiter: Entity, producer: Entity, name: str, options: WhenReady) -> Any:
        assert options.ready(1)
        self.asked.append((waiter.name, producer.name, name))
        return f"<{name}>"


@pytest.fixture
def shop(live: Callable[[str], Live]) -> dict[str, Entity]:
    return {entity.name: entity for entity in live(TEXT).entities()}


@pytest.mark.parametrize(
    ("at", "expression", "result"),
    [
        ("Front", '$brooklyn:config("who")', "e0"),
        ("Front", '$brooklyn:config("above")', "e0"),
        ("Front", '$brooklyn:config("item")', "c"),
        ("Front", "$brooklyn:entityId()", "e1"),
        ("Front", '$brooklyn:component("db").entityId()', "e2"),
        ("Front", '$brooklyn:entity("e2").entityId()', "e2"),
        ("Front", '$brooklyn:sibling("db").entityId()', "e2"),
        ("shop", '$brooklyn:child("db").entityId()', "e2"),
        ("shop", '$brooklyn:descendant("inner").entityId()', "e4"),
        ("Inner", '$brooklyn:ancestor("db").entityId()', "e2"),
        ("Inner", '$brooklyn:component("twin").entityId()', "e5"),
        ("Front", '$brooklyn:component("twin").entityId()', "e3"),
        ("Front", '$brooklyn:component("child", "x")', NotFound),
        ("shop", '$brooklyn:component("descendant", "twin").entityId()', "e5"),
        ("Inner", "$brooklyn:root().entityId()", "e0"),
        ("Inner", "$brooklyn:scopeRoot().entityId()", "e0"),
        ("Inner", "$brooklyn:parent().parent().entityId()", "e0"),
        ("shop", "$brooklyn:parent()", NotFound),
        ("Front", '$brooklyn:application("e0").entityId()', "e0"),
        ("Front", "$brooklyn:self().name", "Front"),
        ("Front", '$brooklyn:literal("$brooklyn:config()")', "$brooklyn:config()"),
        ("Front", {"$brooklyn:literal": '$brooklyn:config("who")'}, "e0"),
        ("Front", '$brooklyn:urlEncode("a b/ü&")', "a+b%2F%C3%BC%26"),
        ("Front", '$brooklyn:regexReplacement("a-b", "(.)-(.)", "$2+$1")', "b+a"),
        ("Front", '$brooklyn:regexReplacement("a-b", "(", "x")', InvalidInput),
        ("Front", '$brooklyn:regexReplacement("a-b", "(.)", "$7")', InvalidInput),
        pytest.param(
            "Front",
            f'$brooklyn:regexReplacement("{"a" * 200}", "(a|aa)+$b", "x")',
            InvalidInput,
            id="a pattern that takes for ever",
        ),
        (
            "Front",
            '$brooklyn:formatString("%5.1f|%-4s|%03d|%%|%2$s", 2.25, "x", 7)',
            "  2.3|x   |007|%|x",
        ),
        ("Front", '$brooklyn:formatString("%s %s", "one")', InvalidInput),
        ("Front", '$brooklyn:formatString("%d", "x")', InvalidInput),
        ("Front", '$brooklyn:formatString("%s", config("deep"))', "{list=[a, {b=c}]}"),
        ("Front", '$brooklyn:config("port")', "8080+"),
        ("Front", '$brooklyn:config("start.timeout")', "2m"),
        ("Front", '$brooklyn:config("numbers")', [1, 2]),
        ("Front", '$brooklyn:config("nothing")', None),
        ("Front", '$brooklyn:config("self")', InvalidInput),
        ("Front", '$brooklyn:config("deep")["list"][7]', NotFound),
        ("Front", '$brooklyn:config("who")["x"]', InvalidInput),
        ("Front", '$brooklyn:config("who").config("x")', InvalidInput),
        ("Front", '$brooklyn:config("who").thing', NotFound),
        ("Front", {"$brooklyn:component": ["nosuchscope", "db"]}, InvalidInput),
        ("Front", {"a": ["$brooklyn:entityId()", 1]}, {"a": ["e1", 1]}),
        ("Front", '$brooklyn:attributeWhenReady("x", {})', InvalidInput),
    ],
    ids=repr,
)
async def test_an_expression_means_what_amp_says(
    shop: dict[str, Entity], at: str, expression: Any, result: Any
) -> None:
    if isinstance(result, type):
        with pytest.raises(result):
            await resolve(shop[at], expression, Ready())
    else:
        assert await resolve(shop[at], expression, Ready()) == result


async def test_a_sensor_is_waited_for_in_the_name_of_the_entity_where_it_is_written(
    shop: dict[str, Entity],
) -> None:
    ready = Ready()
    assert await resolve_config(shop["Front"], "url", ready) == "http://<host.name>:8080+/"
    assert ready.asked == [("Front", "DB", "host.name")]


async def test_what_is_inherited_is_evaluated_where_it_was_written(shop: dict[str, Entity]) -> None:
    assert await resolve_config(shop["Inner"], "who", Ready()) == "e0"


async def test_merged_maps_are_evaluated_each_where_it_was_written(
    live: Callable[[str], Live],
) -> None:
    text = """
    brooklyn.config: {shell.env: {APP: $brooklyn:entityId(), X: 1}}
    services: [{type: web, brooklyn.config: {env: {ME: $brooklyn:entityId(), X: }}}]
    """
    web = live(text).entity("e1")
    assert web is not None
    env = await resolve_config(web, "shell.env", Ready())
    assert env == {"APP": "e0", "ME": "e1", "X": None}


async def test_a_result_that_does_not_fit_its_key_is_refused(live: Callable[[str], Live]) -> None:
    web = live(
        'services: [{type: web, brooklyn.config: {a: soon, start.timeout: $brooklyn:config("a")}}]'
    ).entity("e1")
    assert web is not None
    with pytest.raises(InvalidInput, match=r"start\.timeout"):
        await resolve_config(web, "start.timeout", Ready())


def test_a_read_that_may_not_wait_gives_what_there_is(shop: dict[str, Entity]) -> None:
    front, db = shop["Front"], shop["DB"]
    unready = '$brooklyn:formatString("http://%s:%s/", entity("db").attributeWhenReady("host.name"), config("port"))'
    assert config_now(front, "url") == unready
    assert resolve_now(front, {"a": front.config["url"], "b": "$brooklyn:entityId()"}) == {
        "a": unready,
        "b": "$brooklyn:entityId()",
    }
    db.live.set_sensors(db.id, {"host.name": "h"})
    assert config_now(front, "url") == "http://h:8080+/"
    assert config_now(front, "self") == '$brooklyn:config("other")'
    assert config_now(front, "start.timeout") is None
    assert resolve_now(front, "$brooklyn:bad(") == "$brooklyn:bad("


def test_a_location_has_properties(shop: dict[str, Entity]) -> None:
    live = shop["shop"].live
    live.build_location("localhost", {"name": "here", "spec": "localhost"})
    assert resolve_now(shop["Front"], "$brooklyn:location().name") == "here"
    assert (
        resolve_now(shop["Front"], '$brooklyn:location("1").name') == '$brooklyn:location("1").name'
    )
