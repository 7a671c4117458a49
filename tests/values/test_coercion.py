from __future__ import annotations

import enum
from typing import Any

import pytest

from brookline.values.coercion import Uncoercible, coerce, stored
from brookline.values.durations import Duration
from brookline.values.ports import PortRange
from brookline.values.sizes import Size


class Mode(enum.Enum):
    IF_NOT_STOPPED = "if-not-stopped"
    NEVER = "never"


@pytest.mark.parametrize(
    ("written", "to", "becomes"),
    [
        (1.50, str, "1.5"),
        (True, str, "true"),
        (7, str, "7"),
        ("42", int, 42),
        (42.0, int, 42),
        ("TRUE", bool, True),
        ("no", bool, False),
        ("1e3", float, 1000.0),
        ("a, b ,c", list, ["a", "b", "c"]),
        ("word", list, ["word"]),
        ('["a", 1]', list, ["a", 1]),
        ("- a\n- b", list, ["a", "b"]),
        ("", list, []),
        (5, list, [5]),
        ('{"a": 1}', dict, {"a": 1}),
        ("a: 1", dict, {"a": 1}),
        ("", dict, {}),
        ("IF-NOT-STOPPED", Mode, Mode.IF_NOT_STOPPED),
        ("ifNotStopped", Mode, Mode.IF_NOT_STOPPED),
        (["1", 2.0], list[int], [1, 2]),
        ({"a": "5s"}, dict[str, Duration], {"a": Duration.of("5s")}),
        pytest.param("a,b,a", set[str], {"a", "b"}, id="set-of-texts"),
        ("x", int | str, "x"),
        (None, int, None),
        ({"any": 1}, Any, {"any": 1}),
    ],
    ids=repr,
)
def test_a_value_becomes_its_declared_type(written: Any, to: Any, becomes: Any) -> None:
    assert coerce(written, to) == becomes


@pytest.mark.parametrize(
    ("written", "to"),
    [
        ([1], str),
        ({"a": 1}, str),
        ("4.5", int),
        (True, int),
        ("maybe", bool),
        ("a=1, b=2", dict),
        ([1], dict),
        ({"a": 1}, list),
        ("{", dict),
        ("inf", float),
        ("sometimes", Mode),
        (["x"], list[int]),
        ("x", int | float),
        ("7x", Duration),
        (3, bytes),
    ],
    ids=repr,
)
def test_a_value_that_does_not_fit_is_refused(written: Any, to: Any) -> None:
    with pytest.raises(Uncoercible):
        coerce(written, to)


@pytest.mark.parametrize(
    ("written", "to", "kept"),
    [
        ("90s", Duration, "1m 30s"),
        (8080, PortRange, "8080"),
        ("1kb", Size, 1024),
        ("never", Mode, "NEVER"),
        (["1", 2], list[int], ["1", 2]),
        ("1,2", list[int], ["1", "2"]),
        ("b,a", set, ["a", "b"]),
    ],
    ids=repr,
)
def test_a_record_holds_json_with_elements_as_written(written: Any, to: Any, kept: Any) -> None:
    found = stored(written, to)
    assert (sorted(found) if to is set else found) == kept


def test_a_text_whose_aliases_explode_is_refused() -> None:
    bomb = "a: &a [x,x,x,x,x,x,x,x,x,x]\n" + "".join(
        f"{new}: &{new} [*{old},*{old},*{old},*{old},*{old},*{old},*{old},*{old},*{old},*{old}]\n"
        for old, new in zip("abcde", "bcdef", strict=True)
    )
    with pytest.raises(Uncoercible, match="too large"):
        coerce(bomb, dict)


@pytest.mark.parametrize(
    ("text", "to"),
    [
        pytest.param("a: &a [*a]", dict, id="an-alias-in-itself"),
        pytest.param("[" * 5000, list, id="a-deep-list"),
    ],
)
def test_a_text_that_never_ends_is_refused(text, to):
    with pytest.raises(Uncoercible, match="too deep"):
        coerce(text, to)
