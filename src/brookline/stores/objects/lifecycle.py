"""The rules of a bucket: which of them take away what a plane has written.

Source: the S3 API's `GetBucketLifecycleConfiguration` and "Lifecycle configuration elements".
"""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING
from xml.etree import ElementTree as ET

from brookline.stores.names import PROBE

if TYPE_CHECKING:
    from collections.abc import Iterable
    from xml.etree.ElementTree import Element

UNREADABLE = ET.ParseError
"""What is raised for a document that is no XML."""

_OUT_OF_REACH = frozenset({"GLACIER", "DEEP_ARCHIVE"})
"""Classes of storage from which an object must be restored by hand before it can be read."""


@dataclasses.dataclass(frozen=True, slots=True)
class Rule:
    """A rule that is in force for objects without tags, such as ours are.

    Attributes:
        name: Its id; empty if it has none.
        prefix: Of the objects that it is for; empty for all.
        deletes: When it deletes them, as ``30 days after they were written``; empty if never.
        archives: When it moves them where they cannot be read; likewise.
        drops_versions: Whether it removes versions that are not the latest.
    """

    name: str
    prefix: str
    deletes: str
    archives: str
    drops_versions: bool


def read_rules(document: bytes) -> list[Rule]:
    """Return the rules of a bucket that are in force.

    Raises:
        UNREADABLE: If this is no such document.
    """
    root = ET.fromstring(document)  # noqa: S314  # of a store that is trusted with all
    rules = root.iterfind("{*}Rule")
    return [_rule(each) for each in rules if _text(each, "Status") == "Enabled" and not _tags(each)]


def read_versioning(document: bytes) -> bool:
    """Tell whether a bucket keeps what is overwritten and deleted.

    Raises:
        UNREADABLE: If this is no such document.
    """
    root = ET.fromstring(document)  # noqa: S314  # likewise
    return _text(root, "Status") == "Enabled"


def loss(rules: Iterable[Rule], prefix: str) -> str:
    """Say which rule takes keys of a plane away, and when; nothing if none does.

    Args:
        rules: Of the bucket.
        prefix: Of the plane's keys, without slashes around it; empty if the bucket is all its own.
    """
    for rule in rules:
        if (rule.deletes or rule.archives) and _meets(rule.prefix, prefix):
            what = "deletes" if rule.deletes else "archives"
            when = rule.deletes or rule.archives
            return f"{_named(rule)} {what} objects beneath this prefix {when}"
    return ""


def hoard(rules: Iterable[Rule], prefix: str) -> str:
    """Say what a bucket with versions keeps for ever; nothing if a rule removes it."""
    ours = _folder(prefix)
    if any(rule.drops_versions and ours.startswith(rule.prefix) for rule in rules):
        return ""
    return "the bucket keeps each version of each object, and no rule removes those that are past"


def _rule(rule: Element) -> Rule:
    prefixes = (_text(rule, *path) for path in _PREFIXES)
    moves = (each for each in rule.iterfind("{*}Transition"))
    archived = [each for each in moves if _text(each, "StorageClass") in _OUT_OF_REACH]
    return Rule(
        name=_text(rule, "ID"),
        prefix=next(filter(None, prefixes), ""),
        deletes=_when(rule.find("{*}Expiration")),
        archives=_when(archived[0]) if archived else "",
        drops_versions=rule.find("{*}NoncurrentVersionExpiration") is not None,
    )


_PREFIXES = (("Prefix",), ("Filter", "Prefix"), ("Filter", "And", "Prefix"))
"""Where a rule's prefix may stand; the first is of old."""


def _when(action: Element | None) -> str:
    """Say when an action takes place; one that only removes marks of deletion never does."""
    if action is None:
        return ""
    if days := _text(action, "Days"):
        return f"{days} {'day' if days == '1' else 'days'} after they were written"
    date = _text(action, "Date")
    return f"on {date[:10]}" if date else ""


def _tags(rule: Element) -> bool:
    return rule.find("{*}Filter//{*}Tag") is not None


def _text(element: Element, *path: str) -> str:
    return (element.findtext("/".join(f"{{*}}{name}" for name in path)) or "").strip()


def _meets(theirs: str, prefix: str) -> bool:
    """Tell whether a rule meets keys of a plane; leftovers of a probe may go."""
    ours = _folder(prefix)
    beneath = theirs.startswith(ours) and not theirs.startswith(f"{ours}{PROBE}")
    return beneath or ours.startswith(theirs)


def _folder(prefix: str) -> str:
    return f"{prefix}/" if prefix else ""


def _named(rule: Rule) -> str:
    return f"the rule '{rule.name}'" if rule.name else "a rule"
