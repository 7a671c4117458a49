from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from brookline.server.properties import BadProperties, decoded, parse_properties


def read(text: str) -> dict[str, str]:
    return {entry.key: entry.value for entry in parse_properties(text, "f")}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param("a=1", {"a": "1"}, id="equals"),
        pytest.param("a : 1", {"a": "1"}, id="colon"),
        pytest.param("a 1", {"a": "1"}, id="blank"),
        pytest.param("a", {"a": ""}, id="key-only"),
        pytest.param("a=b=c:d", {"a": "b=c:d"}, id="separators-in-the-value"),
        pytest.param("  a = 1 ", {"a": "1 "}, id="blanks-at-the-end-belong-to-the-value"),
        pytest.param("# x\n! y\n\n \t\na=1", {"a": "1"}, id="comments-and-empty-lines"),
        pytest.param("a=1,\\\n   2", {"a": "1,2"}, id="continuation"),
        pytest.param("a=1\\\\\nb=2", {"a": "1\\", "b": "2"}, id="even-backslashes-end-the-line"),
        pytest.param("a=1\\\n# no comment", {"a": "1# no comment"}, id="continued-by-a-hash"),
        pytest.param("# c \\\na=1", {"a": "1"}, id="comments-do-not-continue"),
        pytest.param("a\\:b\\ c=1", {"a:b c": "1"}, id="escapes-in-the-key"),
        pytest.param("a=\\tx\\u00e9\\z", {"a": "\txéz"}, id="escapes-in-the-value"),
        pytest.param("a=\\ud83d\\ude00", {"a": "😀"}, id="surrogates"),
        pytest.param("a=1\\", {"a": "1"}, id="backslash-at-the-end-of-the-file"),
        pytest.param("a=1\r\nb=2\rc=3", {"a": "1", "b": "2", "c": "3"}, id="all-line-ends"),
        pytest.param("a=1\na=2", {"a": "2"}, id="the-later-counts"),
        pytest.param("=x", {"": "x"}, id="no-key"),
    ],
)
def test_the_rules_of_java_properties(text, expected):
    assert read(text) == expected


def test_entries_know_their_first_line():
    entries = parse_properties("# c\na=1\\\n2\n\nb=3", "etc/x.cfg")

    assert [entry.where for entry in entries] == ["etc/x.cfg:2", "etc/x.cfg:5"]


def test_a_broken_escape_names_its_line():
    with pytest.raises(BadProperties, match=r"f:2: .u must be followed by four"):
        parse_properties("a=1\nb=C:\\users", "f")


def test_utf8_and_latin1_are_told_apart():
    assert decoded("a=é".encode(), "f") == "a=é"
    assert decoded("a=é".encode("latin-1"), "f") == "a=é"
    assert decoded(b"\xef\xbb\xbfa=1", "f") == "a=1"


def escaped(text: str, *, key: bool) -> str:
    out = ""
    for char in text:
        if char in "\\=:#!" or (char == " " and (key or not out)):
            out += "\\" + char
        elif char in "\n\r\t\f" or ord(char) > 126 or ord(char) < 32:
            units = char.encode("utf-16-be")
            out += "".join(
                f"\\u{units[i] << 8 | units[i + 1]:04x}" for i in range(0, len(units), 2)
            )
        else:
            out += char
    return out


texts = st.text(st.characters(exclude_categories=["Cs"]))


@given(st.dictionaries(texts, texts))
def test_what_java_would_write_is_read_back(entries):
    lines = [f"{escaped(k, key=True)}={escaped(v, key=False)}" for k, v in entries.items()]

    assert read("\n".join(lines)) == entries


@pytest.mark.parametrize("order", ["utf-16-le", "utf-16-be", "utf-32-le", "utf-32-be"])
def test_a_file_of_wider_characters_is_refused_with_its_name(order):
    with pytest.raises(BadProperties, match="f is in UTF-16 or UTF-32: save it as UTF-8"):
        decoded("\ufeffpersistMode=AUTO".encode(order), "f")


def test_a_file_that_is_no_text_is_refused_at_its_place():
    with pytest.raises(BadProperties, match="f:2: there is a NUL byte"):
        decoded(b"a=1\nb\0=2", "f")
    with pytest.raises(BadProperties, match="f:1: there is a NUL byte"):
        decoded("a=1".encode("utf-16-le"), "f")
