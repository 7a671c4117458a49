"""Which form of an answer a client gets, and which form of a body is taken."""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING

from brookline.api.problems import Refused

if TYPE_CHECKING:
    from brookline.api.routes import Operation


def form_of(operation: Operation, accept: str) -> str:
    """Return the media type in which an operation answers; as `accepted`."""
    return operation.produces[0] if operation.always else accepted(operation.produces, accept)


def accepted(produces: tuple[str, ...], accept: str) -> str:
    """Return the media type to answer with; the order of preference is ours, not the client's.

    Source: Brooklyn offers JSON at quality 1 and others below, so JSON wins wherever it is taken.

    Raises:
        Refused: 406, if the client takes none of them.
    """
    if not accept:
        return produces[0]
    chosen = _first(produces, accept)
    if chosen is None:
        raise Refused(406, f"this is answered as {' or '.join(produces)}, not as {accept}")
    return chosen


def check_media(consumes: tuple[str, ...], media: str) -> None:
    """Make sure that a body's type is one that is taken here; no type is the empty text.

    Raises:
        Refused: 415, if it is not.
    """
    if consumes and media not in consumes:
        said = f"a body of type {media}" if media else "a body without a content type"
        wanted = " or ".join(kind for kind in consumes if kind)
        raise Refused(415, f"{said} is not taken here; send {wanted}")


@functools.lru_cache(maxsize=1024)
def _first(produces: tuple[str, ...], accept: str) -> str | None:
    ranges = [_range(part) for part in accept.split(",")]
    taken = {kind for kind, quality in ranges if quality > 0}
    refused = {kind for kind, quality in ranges if quality <= 0}
    for kind in produces:
        wild = kind.partition("/")[0] + "/*"
        if kind not in refused and taken & {kind, wild, "*/*"}:
            return kind
    return None


def _range(part: str) -> tuple[str, float]:
    kind, *params = (piece.strip().lower() for piece in part.split(";"))
    for param in params:
        if param.startswith("q="):
            try:
                return kind, float(param[2:])
            except ValueError:
                return kind, 0.0
    return kind, 1.0
