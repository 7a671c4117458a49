"""The pages that users read, and what stands in them."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"
PAGES = sorted([*ROOT.glob("*.md"), *DOCS.rglob("*.md"), ROOT / "bench" / "README.md"])

_FENCE = re.compile(r"^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_NAMED = re.compile(r"^`([\w.-]+)`:\n\n```\w*\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_HEADING = re.compile(r"^#+ (.+)$", re.MULTILINE)
_LINK = re.compile(r"\[[^\]]*\]\(([^)\s]+)\)")
_CODE = re.compile(r"`([^`\n]+)`")


@dataclass(frozen=True)
class Block:
    """A block of code.

    Attributes:
        page: Where it stands, from the root.
        line: Of the page, where its text begins.
        language: As named after the fence, or empty.
        text: Without the fences.
    """

    page: str
    line: int
    language: str
    text: str


def name_of(page: Path) -> str:
    return str(page.relative_to(ROOT))


def blocks(*languages: str) -> list[Block]:
    """Return the blocks of all pages that are of one of some languages."""
    return [
        Block(name_of(page), text[: found.start(2)].count("\n") + 1, found[1], found[2])
        for page in PAGES
        for text in [page.read_text()]
        for found in _FENCE.finditer(text)
        if found[1] in languages
    ]


def section(page: Path, heading: str) -> str:
    """Return the text below a heading, up to the next one of its level."""
    level, _ = heading.split(" ", 1)
    text = page.read_text()
    assert f"\n{heading}\n" in text
    below = text.split(f"\n{heading}\n")[1]
    return re.split(rf"^{level} ", below, flags=re.MULTILINE)[0]


def named_files(page: Path) -> dict[str, str]:
    """Return the blocks before which a file name stands, by that name."""
    return dict(_NAMED.findall(page.read_text()))


def shell_lines(text: str) -> Iterator[str]:
    """Yield the command lines of the shell blocks of a text, without comments."""
    for language, body in _FENCE.findall(text):
        if language == "sh":
            lines = (re.sub(r"\s+#.*", "", line).strip() for line in body.splitlines())
            yield from filter(None, lines)


def spans(text: str) -> list[str]:
    """Return the code in the sentences of a text."""
    return _CODE.findall(_FENCE.sub("", text))


def links(text: str) -> list[str]:
    """Return the targets of the links of a page that stay in this repository."""
    outside_of_code = _CODE.sub("", _FENCE.sub("", text))
    return [one for one in _LINK.findall(outside_of_code) if not re.match(r"\w+:", one)]


def anchors(text: str) -> set[str]:
    """Return what a link may name after ``#``, as GitHub makes it of headings."""
    return {
        re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-")
        for heading in _HEADING.findall(_FENCE.sub("", text))
    }
