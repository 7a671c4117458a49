"""What the conformance probe found, and what follows from it."""

from __future__ import annotations

import dataclasses
import enum
from typing import TYPE_CHECKING

from brookline.errors import StoreUnfit

if TYPE_CHECKING:
    from collections.abc import Sequence


class Property(enum.Enum):
    """What a store must do to carry a plane; the values are for people."""

    DEFINITE = "create gives a definite answer"
    ONE_WINNER = "of many creates of a key, exactly one wins"
    WINNERS_BYTES = "a key holds the bytes of the create that won"
    REFUSES = "create refuses a key that exists, and leaves it as it is"
    READS_OWN = "what was created is read at once"
    LISTS_NEW = "what was created is listed"
    LISTS_GONE = "what was deleted is listed no more"
    RECREATES = "a deleted key is absent and can be created again"
    SHOWS_CREATE = "another connection sees what was created"
    SHOWS_PUT = "another connection sees what was overwritten"
    LASTS = "what was created stays until it is deleted"
    FORGETS = "what was deleted takes no room"


_ATOMIC = (
    "use a directory on a local disk or on NFS, PostgreSQL, etcd, or an object store whose"
    " conditional PUT is atomic; with this one, two nodes could lead at the same time"
)
_FRESH = (
    "turn caching off (NFS: mount with lookupcache=positive and actimeo=1), or use a directory on a"
    " local disk or another NFS server"
)

ADVICE = {
    Property.DEFINITE: (
        "make room and look at the rights; if neither helps, it knows no create-if-absent (a file"
        " system without hard links, as SMB, FAT and many FUSE ones; an object store without"
        " conditional PUT): use a directory on a local disk or on NFS, PostgreSQL, etcd or AWS S3"
    ),
    Property.ONE_WINNER: _ATOMIC,
    Property.WINNERS_BYTES: _ATOMIC,
    Property.REFUSES: _ATOMIC,
    Property.READS_OWN: "use a store that is consistent, such as a directory on a local disk or NFS",
    Property.LISTS_NEW: _FRESH,
    Property.LISTS_GONE: _FRESH,
    Property.RECREATES: (
        "turn versioning off for this bucket, or use a directory on a local disk or on NFS"
    ),
    Property.SHOWS_CREATE: _FRESH,
    Property.SHOWS_PUT: _FRESH,
    Property.LASTS: (
        "let no lifecycle rule of the bucket delete or archive what lies beneath the plane's prefix:"
        " the log would be lost, and with it the plane; what is needed no more, the plane deletes"
        " itself. To have the rules of S3 looked at, allow s3:GetLifecycleConfiguration and"
        " s3:GetBucketVersioning"
    ),
    Property.FORGETS: (
        "turn versioning off, or add a lifecycle rule that removes noncurrent versions: most of what"
        " a plane writes is deleted after a day"
    ),
}
"""What to do, or to use instead, if a store lacks a property."""


class Verdict(enum.Enum):
    """How a property came out."""

    HOLDS = "pass"
    SLOW = "slow"  # it holds, but so late that failovers take longer
    DOUBTFUL = "warn"  # it can carry a plane, and somebody should look at it
    FAILS = "fail"


@dataclasses.dataclass(frozen=True, slots=True)
class Finding:
    """How one property came out.

    Attributes:
        subject: Which.
        verdict: How.
        observed: What was seen, for people.
        lag_ms: For what another look shows late: the longest delay in milliseconds; else None.
        remedy: What to do about this very failure, where the store knows; else empty.
    """

    subject: Property
    verdict: Verdict
    observed: str
    lag_ms: float | None = None
    remedy: str = ""

    @property
    def advice(self) -> str:
        """What to do about it, or empty if it passed."""
        return "" if self.verdict is Verdict.HOLDS else self.remedy or ADVICE[self.subject]


@dataclasses.dataclass(frozen=True, slots=True)
class Latency:
    """How long calls took, in milliseconds; zeros if there were none."""

    count: int
    median_ms: float
    p99_ms: float


@dataclasses.dataclass(frozen=True, slots=True)
class Report:
    """The result of one probe.

    Attributes:
        size: ``whole`` or ``quick``.
        plane: Whether the store holds a plane.
        findings: What was tried, in that order; a probe ends at the first failure.
        create: Latency of `create` while nobody else raced.
        get: Latency of `get`.
        list: Latency of `list`.
        took_s: Seconds that the probe took.
        left_behind: Keys of the probe that could not be removed again.
    """

    size: str
    plane: bool
    findings: tuple[Finding, ...]
    create: Latency
    get: Latency
    list: Latency
    took_s: float
    left_behind: int = 0

    @property
    def failures(self) -> tuple[Finding, ...]:
        """What the store cannot do."""
        return tuple(found for found in self.findings if found.verdict is Verdict.FAILS)

    @property
    def fit(self) -> bool:
        """Whether the store can carry a plane of several nodes."""
        return not self.failures


def require_fit(report: Report) -> None:
    """Refuse a store that failed.

    Raises:
        StoreUnfit: Naming the property that it lacks and what to use instead.
    """
    if report.fit:
        return
    first = report.failures[0]
    raise StoreUnfit(
        f"the store cannot carry high availability: it lacks '{first.subject.value}'"
        f" ({first.observed}); {first.advice}",
        data={"property": first.subject.name},
    )


def summarize(seconds: Sequence[float]) -> Latency:
    """Return the median and the 99th percentile of some durations in seconds."""
    if not seconds:
        return Latency(0, 0.0, 0.0)
    ordered = sorted(seconds)
    last = len(ordered) - 1
    return Latency(
        len(ordered),
        round(ordered[last // 2] * 1000, 3),
        round(ordered[round(last * 0.99)] * 1000, 3),
    )
