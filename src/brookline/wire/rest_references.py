"""The shape of what an application's entities take from each other; AMP has none of it."""

from __future__ import annotations

from brookline.wire.rest import Shape


class ReferenceSummary(Shape, frozen=True):
    """The config of one entity takes something from another one.

    Attributes:
        source: Id of the entity on which it is written.
        target: Id of the entity from which it is taken.
        key: The config key.
        value: The expression that says what, such as ``$brooklyn:entity("db").attributeWhenReady("port")``.
    """

    source: str
    target: str
    key: str
    value: str
