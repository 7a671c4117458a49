from __future__ import annotations

from typing import Any

import pytest

from brookline.blueprint.dsl import (
    Call,
    DslError,
    Expression,
    Index,
    Property,
    parse,
    problem,
    shown,
)


@pytest.mark.parametrize(
    ("written", "canonical"),
    [
        (
            '$brooklyn:component("db").attributeWhenReady("main.uri")',
            '$brooklyn:entity("db").attributeWhenReady("main.uri")',
        ),
        ('$brooklyn:config("m")["x"][0].name', '$brooklyn:config("m")["x"][0].name'),
        (
            '$brooklyn:formatString("%s-%d", $brooklyn:parent().config("x"), 42)',
            '$brooklyn:formatString("%s-%d", parent().config("x"), 42)',
        ),
        ("$brooklyn: self ( ) . config( 'k' )", '$brooklyn:self().config("k")'),
        ('$brooklyn:literal("$brooklyn:x\\"\\u0041")', '$brooklyn:literal("$brooklyn:x\\"A")'),
        ('$brooklyn:attributeWhenReady("s", true)', '$brooklyn:attributeWhenReady("s", true)'),
        (
            {"$brooklyn:formatString": ["%s", '$brooklyn:config("x")', {"a": 1}]},
            '$brooklyn:formatString("%s", config("x"), {"a": 1})',
        ),
        ({'$brooklyn:component("a").config': "k"}, '$brooklyn:entity("a").config("k")'),
        ({"$brooklyn:literal": ["a", "b"]}, '$brooklyn:literal(["a", "b"])'),
        ({"$brooklyn:config": '$brooklyn:config("name")'}, '$brooklyn:config(config("name"))'),
    ],
    ids=repr,
)
def test_an_expression_is_read_and_shown_in_one_form(written: Any, canonical: str) -> None:
    expression = parse(written)
    assert problem(expression) is None
    assert str(expression) == canonical
    if isinstance(written, str):
        assert str(parse(canonical)) == canonical


def test_steps_are_calls_indexes_and_properties() -> None:
    assert parse('$brooklyn:config("m")[0].name') == Expression(
        (Call("config", ("m",)), Index(0), Property("name"))
    )


@pytest.mark.parametrize(
    ("written", "message", "offset"),
    [
        ('$brooklyn:formatString("%s" config("x"))', "expected ',' or ')' after an argument", 28),
        ("$brooklyn:config", "'config' needs parentheses, as in config(…)", 10),
        ('$brooklyn:config("x', "a quote is not closed", 17),
        ('$brooklyn:self().config("x") y', "unexpected 'y'", 29),
        ("$brooklyn:", "expected the name of a function", 10),
        ('$brooklyn:config("x").', "expected the name of a function", 22),
        ('$brooklyn:config("m")["x"', "expected ']'", 25),
        ("$brooklyn:config(", "expected a text in double quotes, or a call", 17),
        ("$brooklyn:config(word)", "'word' needs parentheses, as in word(…)", 17),
        ({'$brooklyn:config("x")': "y"}, "the key of a map form ends in the name of a function", 0),
        ("$brooklyn:" + "self(" * 60, "nested too deep", 260),
    ],
    ids=repr,
)
def test_what_cannot_be_read_says_where(written: Any, message: str, offset: int) -> None:
    with pytest.raises(DslError) as caught:
        parse(written)
    assert (str(caught.value), caught.value.offset) == (message, offset)


@pytest.mark.parametrize(
    ("written", "message"),
    [
        ('$brooklyn:confg("x")', "unknown function 'confg'; did you mean 'config'?"),
        ("$brooklyn:entityId(3)", "the function 'entityId' takes 0 arguments, not 1"),
        (
            "$brooklyn:formatString()",
            "the function 'formatString' takes 1 or more arguments, not 0",
        ),
        ('$brooklyn:self().literal("x")', "the function 'literal' cannot follow another one"),
        (
            '$brooklyn:external("p", "k")',
            "the function 'external' is not supported by this version yet",
        ),
        ('$brooklyn:formatString("%s", nope())', "unknown function 'nope'"),
    ],
    ids=repr,
)
def test_what_cannot_be_called_is_told(written: str, message: str) -> None:
    found = problem(parse(written))
    assert found is not None
    assert found[0] == message


def test_a_tree_is_shown_with_its_expressions_as_text() -> None:
    assert shown({"a": ['$brooklyn:component("x")', 1], "b": "$brooklyn:bad("}) == {
        "a": ['$brooklyn:entity("x")', 1],
        "b": "$brooklyn:bad(",
    }
