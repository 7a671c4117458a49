from __future__ import annotations

import datetime as dt
import json
from typing import Any

import pytest
import yaml

from brookline.blueprint.composer import compose
from brookline.blueprint.source import Source, excerpt, invalid
from brookline.errors import BlueprintInvalid


def read(text: str) -> Any:
    source = Source(text)
    node = compose(source)
    source.check()
    return node.plain() if node is not None else None


def faults(text: str) -> list[str]:
    with pytest.raises(BlueprintInvalid) as caught:
        read(text)
    return [f"{f.line}:{f.column} {f.message}" for f in caught.value.faults]


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("yes", True),
        ("No", False),
        ("on", True),
        ("OFF", False),
        ("y", "y"),
        ("yEs", "yEs"),
        ("010", 8),
        ("0x1F", 31),
        ("0b11", 3),
        ("1_000", 1000),
        ("12:30:45", 45_045),
        ("+7", 7),
        ("-7", -7),
        ("0", 0),
        ("1e3", 1000.0),
        ("1.50", 1.5),
        (".5", 0.5),
        ("0o17", "0o17"),
        ("1.2.3", "1.2.3"),
        ("2024-01-31", "2024-01-31"),
        ("123456789012345678901234567890", "123456789012345678901234567890"),
        ("1e999", "1e999"),
        (".inf", ".inf"),
        ("~", None),
        ("null", None),
        ("", None),
        ("'yes'", "yes"),
        ('"010"', "010"),
        ("!!str 12", "12"),
        ("!!float 3", 3.0),
        ("!!int 12", 12),
        ("0x_", "0x_"),
        ("a: b", {"a": "b"}),
    ],
    ids=repr,
)
def test_words_mean_what_they_mean_to_amp(written: str, meant: Any) -> None:
    found = read(f"k:\n  {written}")["k"]
    assert found == meant
    assert type(found) is type(meant)


@pytest.mark.parametrize("key", ["on", "5", "1.5", "~", "'x y'"], ids=repr)
def test_keys_are_always_texts(key: str) -> None:
    names = {"on": "true", "5": "5", "1.5": "1.5", "~": "null", "'x y'": "x y"}
    assert read(f"{key}: 1") == {names[key]: 1}


@pytest.mark.parametrize(
    "text",
    [
        "a: 1\nb: [x, {y: 'z'}, \"q\\n\"]\nc:\n- - 1\n  - 2\n- null\n",
        "t: |\n  line\n  more\nf: >-\n  folded\n  text\n",
        "base: &b {x: 1, y: 2}\nuse:\n  <<: *b\n  y: 3\nboth:\n  <<: [*b, {z: 9, x: 8}]\n",
        'é: ü\nemoji: "\\U0001F600"\n',
        '{"json": [true, 1.5, {"a": null}]}',
    ],
    ids=["nested", "blocks", "merges", "unicode", "json"],
)
def test_it_reads_what_pyyaml_reads(text: str) -> None:
    assert read(text) == yaml.safe_load(text)


def test_json_is_read_as_programs_write_it() -> None:
    value = {"name": "😀 é \\ud83d", "list": [1, None, True, {"a/b": "\t"}], "x": 1e-7}
    for indent in (None, "\t", 2):
        assert read(json.dumps(value, indent=indent)) == value


def test_a_date_is_the_one_word_that_pyyaml_reads_otherwise() -> None:
    assert yaml.safe_load("2024-01-31") == dt.date(2024, 1, 31)
    assert read("2024-01-31") == "2024-01-31"


def test_all_faults_that_leave_the_rest_readable_are_told_together() -> None:
    assert faults("a: 1\na: 2\n? [x]\n: 3\nb: !foo 1\nc: !bar {}\nd: {e: 1, e: 2}\n") == [
        "2:1 duplicate key 'a', first given in line 1",
        "3:3 a list cannot be a key",
        "5:4 the tag '!foo' does not fit '1'",
        "6:4 unknown tag '!bar'",
        "7:11 duplicate key 'e', first given in line 7",
    ]


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("a: [1, 2\nb: 3\n", "2:2 not YAML: did not find expected ',' or ']'"),
        ("a:\n\t- 1", "2:1 not YAML: found character that cannot start any token"),
        ("a: \x07", "1:4 not YAML: control characters are not allowed"),
        ("a: 1\n---\nb: 2", "2:1 a second document begins here; a blueprint is one document"),
        ("é: \ud800", "1:4 half of a character that takes two"),
        ("a: *z", "1:4 the alias '*z' is not defined before"),
        ("a: &a [*a]", "1:8 the alias '*a' is used inside of what it names"),
        ("{a: 1, a: 2}\n", "1:8 duplicate key 'a', first given in line 1"),
        ("a: 1\n<<: 5\n", "2:5 only maps can be merged by '<<'"),
    ],
    ids=repr,
)
def test_a_text_that_is_no_blueprint_says_where(text: str, fault: str) -> None:
    assert faults(text) == [fault]


def test_what_was_found_before_a_syntax_error_is_told_too() -> None:
    assert [f.partition(" ")[0] for f in faults("a: 1\na: 2\nb: [")] == ["2:1", "4:1"]


def test_depth_is_limited() -> None:
    assert read("[" * 100 + "]" * 100) is not None
    assert faults("[" * 101 + "]" * 101) == ["1:101 nested more than 100 levels deep"]


def test_a_bomb_of_aliases_is_refused_before_it_is_written_out() -> None:
    bomb = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n" + "".join(
        f"a{i}: &a{i} [{', '.join([f'*a{i - 1}'] * 10)}]\n" for i in range(1, 9)
    )
    assert "more than 2000000 values" in faults(bomb)[0]


def test_an_excerpt_shows_the_line_and_a_caret() -> None:
    source = Source("a: 1\n  b: 2\n" + "c" * 300 + ": \x07", "web.yaml")
    source.fault(1 << 20 | 2, "wrong")
    assert excerpt(source.faults[0]) == "web.yaml:2:3: wrong\n      b: 2\n      ^"
    source.fault(2 << 20 | 280, "far")
    shown = excerpt(source.faults[1]).splitlines()
    assert len(shown[1]) <= 164
    assert shown[2].index("^") < len(shown[1])


def test_an_error_names_the_first_fault_and_counts_the_others() -> None:
    with pytest.raises(BlueprintInvalid) as caught:
        read("a: 1\na: 2\na: 3\n")
    error = caught.value
    assert error.message.startswith("Error in blueprint: blueprint:2:1: duplicate key 'a'")
    assert error.message.endswith("(and 1 more)")
    assert error.data["faults"][1]["line"] == 3
    assert "    a: 3\n    ^" in error.details


def test_an_error_stays_short_however_long_the_line_is():
    source = Source("x" * 10_000 + "\nshort")
    source.fault(9_000, "wrong")
    source.fault(1 << 20, "wrong too")
    error = invalid(source.faults)
    assert [fault["source"] for fault in error.data["faults"]] == ["", "short"]
    assert max(map(len, error.details.splitlines())) < 200
