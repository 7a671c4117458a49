"""Stores as AMP's commands name them: a folder or a bucket, and a location of the properties that it is in."""

from __future__ import annotations

import os
from pathlib import Path

from brookline.errors import InvalidInput
from brookline.server.settings import refuse
from brookline.server.sources import read_sources
from brookline.server.store_location import is_folder, url_of


def read_properties(local: str, home: str) -> dict[str, str]:
    """Return the properties that a server would read.

    Args:
        local: File that comes before all others, or empty.
        home: Of a node, whose own come after those of the user; or empty.

    Raises:
        InvalidInput: If one of the files cannot be read.
    """
    sources = read_sources(
        {"local-properties": local} if local else {},
        os.environ,
        home=Path(home or "."),
        user_home=Path("~").expanduser(),
    )
    refuse(sources.faults)
    return {key: entry.value.strip() for key, entry in sources.properties.items()}


def url_at(location: str, container: str, properties: dict[str, str]) -> str:
    """Return the URL of the store in a container of a location; without a location it is one itself.

    Raises:
        InvalidInput: If there is no such store, or a plane would not be safe in it.
    """
    if is_folder(location):
        return container
    try:
        return url_of(location, container, properties)
    except ValueError as error:
        raise InvalidInput(str(error)) from error
