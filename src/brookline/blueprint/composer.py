"""The composer: from PyYAML's events to a tree with places.

Each event is a short call into the parser, written in C, so a thread that composes a large
blueprint lets the event loop run. What PyYAML would let pass is refused: duplicate keys, keys
that are no scalars, aliases that contain themselves or make the tree explode, and depth.
"""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any, NoReturn

import yaml
from yaml.error import MarkedYAMLError, YAMLError
from yaml.events import (
    AliasEvent,
    DocumentStartEvent,
    MappingEndEvent,
    MappingStartEvent,
    ScalarEvent,
    SequenceEndEvent,
    SequenceStartEvent,
    StreamEndEvent,
)

from brookline.blueprint.nodes import Mapping, Node, Scalar, Sequence
from brookline.blueprint.source import NOWHERE, place
from brookline.blueprint.words import UnknownTag, tagged, word

if TYPE_CHECKING:
    from collections.abc import Callable

    from brookline.blueprint.source import Source

DEEPEST = 100
"""Levels of nesting; the REST API shows no more either."""

LARGEST = 2_000_000
"""Nodes of a blueprint with its aliases written out."""

_MERGE = "<<"
_PAIR = re.compile(r"(?<!\\)\\u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}")
_STANDARD_TAGS = frozenset({"!", "tag:yaml.org,2002:map", "tag:yaml.org,2002:seq"})


class _Stop(Exception):
    """Nothing that comes later in the text can be understood."""


class _Open:
    """A map or list that is being filled."""

    __slots__ = ("anchor", "key", "merges", "node")

    def __init__(self, node: Mapping | Sequence, anchor: str | None) -> None:
        self.node = node
        self.anchor = anchor
        self.key: Scalar | None = None
        self.merges: list[Node] = []


def compose(source: Source) -> Node | None:
    """Return the tree of a text; None if it is empty. What is wrong is noted in the source.

    Raises:
        BlueprintInvalid: If the text is no YAML, or exceeds a limit; with all noted so far.
    """
    composer = _Composer(source)
    try:
        composer.run()
    except _Stop:
        source.check()
    except MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        at = place(mark.line, mark.column) if mark else NOWHERE
        source.fault(at, f"not YAML: {error.problem or error.context}")
        source.check()
    except UnicodeEncodeError as error:
        source.fault(_place_of(source.text[: error.start]), "half of a character that takes two")
        source.check()
    except YAMLError as error:
        source.fault(_reader_place(source.text, error), f"not YAML: {_reason(error)}")
        source.check()
    return composer.root


class _Composer:
    def __init__(self, source: Source) -> None:
        self.root: Node | None = None
        self._source = source
        self._open: list[_Open] = []
        self._anchors: dict[str, Node | None] = {}
        self._documents = 0

    def run(self) -> None:
        next_event: Callable[[], Any] = yaml.CSafeLoader(_whole(self._source.text)).get_event
        while True:
            event = next_event()
            kind = type(event)
            if kind is ScalarEvent:
                self._place(self._scalar(event), event.anchor)
            elif kind is MappingStartEvent:
                self._begin(Mapping(_at(event)), event)
            elif kind is SequenceStartEvent:
                self._begin(Sequence(_at(event)), event)
            elif kind is MappingEndEvent or kind is SequenceEndEvent:
                self._end()
            elif kind is AliasEvent:
                self._place(self._aliased(event), None)
            elif kind is DocumentStartEvent:
                self._document(event)
            elif kind is StreamEndEvent:
                return

    def _document(self, event: Any) -> None:
        self._documents += 1
        if self._documents > 1:
            self._stop(_at(event), "a second document begins here; a blueprint is one document")

    def _scalar(self, event: Any) -> Scalar:
        text: str = event.value
        mark = event.start_mark
        at = place(mark.line, mark.column)
        quoted = bool(event.style)
        value: Any = text if quoted else word(text)
        if event.tag is not None:
            try:
                value = tagged(text, event.tag)
            except UnknownTag as error:
                self._source.fault(at, str(error))
        offset = -1 if mark.line != event.end_mark.line else 1 if quoted else 0
        return Scalar(at, value, text, offset)

    def _begin(self, node: Mapping | Sequence, event: Any) -> None:
        if len(self._open) >= DEEPEST:
            self._stop(node.at, f"nested more than {DEEPEST} levels deep")
        if event.tag is not None and event.tag not in _STANDARD_TAGS:
            self._source.fault(node.at, f"unknown tag '{event.tag}'")
        if event.anchor is not None:
            self._anchors[event.anchor] = None
        self._open.append(_Open(node, event.anchor))

    def _end(self) -> None:
        done = self._open.pop()
        if done.merges and isinstance(done.node, Mapping):
            for merge in done.merges:
                self._merge(done.node, merge)
        self._place(done.node, done.anchor)

    def _aliased(self, event: Any) -> Node:
        name = event.anchor
        node = self._anchors.get(name)
        if node is None:
            inside = name in self._anchors
            reason = "is used inside of what it names" if inside else "is not defined before"
            self._stop(_at(event), f"the alias '*{name}' {reason}")
        return node

    def _place(self, node: Node, anchor: str | None) -> None:
        if anchor is not None:
            self._anchors[anchor] = node
        if not self._open:
            self.root = node
            return
        into = self._open[-1]
        inside = into.node
        if isinstance(inside, Sequence):
            inside.items.append(node)
        elif into.key is None:
            into.key = self._key(node)
            return
        else:
            self._entry(into, inside, node)
        inside.size += node.size
        if inside.size > LARGEST:
            self._stop(node.at, f"more than {LARGEST} values once aliases are written out")

    def _key(self, node: Node) -> Scalar:
        if isinstance(node, Scalar):
            return node
        self._source.fault(node.at, f"a {node.kind} cannot be a key")
        return Scalar(node.at, f"?{node.at}", "", -1)

    def _entry(self, into: _Open, inside: Mapping, node: Node) -> None:
        key = into.key
        into.key = None
        assert key is not None
        name = key.name()
        if name == _MERGE and key.offset == 0:
            into.merges.append(node)
            return
        if name in inside.entries:
            first = (inside.places[name] >> 20) + 1
            self._source.fault(key.at, f"duplicate key '{name}', first given in line {first}")
            return
        inside.entries[name] = node
        inside.places[name] = key.at

    def _merge(self, into: Mapping, merged: Node) -> None:
        many = merged.items if isinstance(merged, Sequence) else [merged]
        for one in many:
            if not isinstance(one, Mapping):
                self._source.fault(one.at, "only maps can be merged by '<<'")
                continue
            for name, node in one.entries.items():
                if name not in into.entries:
                    into.entries[name] = node
                    into.places[name] = one.places[name]

    def _stop(self, at: int, message: str) -> NoReturn:
        self._source.fault(at, message)
        raise _Stop


def _at(event: Any) -> int:
    mark = event.start_mark
    return place(mark.line, mark.column)


def _reason(error: YAMLError) -> str:
    reason = getattr(error, "reason", "")
    return str(reason or error).partition("\n")[0]


def _reader_place(text: str, error: YAMLError) -> int:
    """Return the place of a character that YAML does not allow."""
    position = getattr(error, "position", None)
    if not isinstance(position, int):
        return NOWHERE
    return _place_of(text.encode()[:position].decode(errors="replace"))


def _place_of(before: str) -> int:
    return place(before.count("\n"), len(before) - before.rfind("\n") - 1)


def _whole(text: str) -> str:
    """Return JSON without pairs of surrogates, by which it writes an emoji and YAML does not."""
    if not text.lstrip().startswith("{"):
        return text
    return _PAIR.sub(lambda pair: json.loads(f'"{pair[0]}"'), text)
