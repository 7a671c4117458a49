"""The tree of an application: found by name or id, and walked."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from brookline.errors import InvalidInput, NotFound

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

Node = dict[str, Any]
"""An EntityDetail, as ``applications/fetch`` answers it."""


def find_application(roots: Iterable[Node], wanted: str) -> Node:
    """Return the application of that id or, without regard to case, of that name.

    Raises:
        NotFound: If there is none; the message names those that there are.
        InvalidInput: If several have that name.
    """
    roots = list(roots)
    for root in roots:
        if root["id"] == wanted:
            return root
    named = [root for root in roots if str(root.get("name", "")).lower() == wanted.lower()]
    if len(named) > 1:
        ids = ", ".join(root["id"] for root in named)
        raise InvalidInput(
            f"several applications are called {wanted!r}: say which by its id ({ids})"
        )
    if not named:
        known = ", ".join(sorted(str(root.get("name")) for root in roots)[:10]) or "none"
        raise NotFound(f"there is no application {wanted!r}; there are: {known}")
    return named[0]


def walk(node: Node, depth: int = 0) -> Iterator[tuple[int, Node]]:
    """Yield a node and all below it, each with its depth."""
    yield depth, node
    for child in node.get("children") or ():
        yield from walk(child, depth + 1)


def state_of(node: Node) -> str:
    """Return the state of an entity as a word."""
    return str(node.get("serviceState") or "-")


def up_of(node: Node) -> str:
    """Return whether an entity is up, as a word."""
    return {True: "up", False: "down", None: "-"}[node.get("serviceUp")]


def short_type(name: str) -> str:
    """Return the last part of a type's name."""
    return name.rpartition(".")[2]
