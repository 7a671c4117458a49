from __future__ import annotations

import pytest

from brookline.api.masking import suppressed
from brookline.api.negotiation import accepted
from brookline.api.problems import Refused
from brookline.api.typenames import java_name

VALUE = ("application/json", "text/plain")


@pytest.mark.parametrize(
    ("accept", "chosen"),
    [
        ("", "application/json"),
        ("*/*", "application/json"),
        ("text/plain", "text/plain"),
        ("text/*", "text/plain"),
        ("text/plain, application/json;q=0.1", "application/json"),
        ("application/json;q=0, */*", "text/plain"),
        ("text/html, */*;q=0.1", "application/json"),
        ("APPLICATION/JSON", "application/json"),
        ("text/plain;q=bad, application/json", "application/json"),
    ],
)
def test_json_wins_wherever_it_is_taken(accept, chosen):
    assert accepted(VALUE, accept) == chosen


@pytest.mark.parametrize("accept", ["application/xml", "text/plain;q=0, application/json;q=0"])
def test_what_nobody_takes_is_refused(accept):
    with pytest.raises(Refused, match="application/json or text/plain"):
        accepted(VALUE, accept)


@pytest.mark.parametrize(
    ("name", "value", "shown"),
    [
        ("PASSWORD", "x", "<suppressed> (MD5 hash: 9DD4E461)"),
        ("my.secret.key", None, None),
        ("password", "$brooklyn:external(\"a\", \"b\")", "$brooklyn:external(\"a\", \"b\")"),
        ("text", "a: b\npassword: x\nc = d", "a: b\npassword: <suppressed> (MD5 hash: 9DD4E461)\nc = d"),
        ("text", "db.password=x", "db.password=<suppressed> (MD5 hash: 9DD4E461)"),
        ("list", [{"private": "x"}], [{"private": "<suppressed> (MD5 hash: 9DD4E461)"}]),
        ("plain", "value", "value"),
    ],
)  # fmt: skip
def test_secrets_are_shown_as_a_hash(name, value, shown):
    assert suppressed(name, value) == shown


@pytest.mark.parametrize(
    ("declared", "name"),
    [
        (str, "java.lang.String"),
        (bool, "java.lang.Boolean"),
        (list[str], "java.util.List"),
        (dict[str, int], "java.util.Map"),
        (int | None, "java.lang.Integer"),
        (int | str, "java.lang.Object"),
        (type(None), "java.lang.Void"),
        (object, "java.lang.Object"),
    ],
)
def test_types_have_the_names_of_java(declared, name):
    assert java_name(declared) == name
