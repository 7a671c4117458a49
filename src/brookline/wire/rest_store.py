"""Shapes of the REST API that tell of the store; AMP has none of them."""

from __future__ import annotations

import msgspec

from brookline.wire.rest import Shape


class StoreFinding(Shape, frozen=True):
    """How one property of the store came out.

    Attributes:
        property: A sentence, such as *create gives a definite answer*.
        verdict: ``pass``, ``slow``, ``warn`` or ``fail``.
        observed: What was seen, for people.
        advice: What to do about it; empty if it passed.
        lag_ms: The longest delay with which another look showed it; None where nothing is looked at.
    """

    property: str
    verdict: str
    observed: str
    advice: str
    lag_ms: float | None


class StoreLatency(Shape, frozen=True):
    """How long calls took, in milliseconds."""

    count: int
    median_ms: float
    p99_ms: float


class StoreProbe(Shape, frozen=True):
    """What the last probe of the store found.

    Attributes:
        size: ``whole`` or ``quick``.
        fit: Whether the store can carry a plane of several nodes.
        probed_utc: When, in milliseconds since 1970.
    """

    size: str
    fit: bool
    probed_utc: int
    took_ms: int
    findings: list[StoreFinding]
    create: StoreLatency
    get: StoreLatency
    listing: StoreLatency = msgspec.field(name="list")


class StoreSummary(Shape, frozen=True):
    """The store of the node that answers.

    Attributes:
        url: Where it is.
        trouble: Why it cannot be reached or written now, or empty.
        probe: None if this node has kept none.
    """

    url: str
    trouble: str
    probe: StoreProbe | None
