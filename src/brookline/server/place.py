"""Where a plane is kept, as an operator names it: a folder, or the URL of a store."""

from __future__ import annotations

import dataclasses

from brookline.errors import StoreUnfit
from brookline.stores import urls
from brookline.stores.registry import path_of, scheme_of


@dataclasses.dataclass(frozen=True, slots=True, repr=False)
class Place:
    """A folder or the URL of a store; people see it without what is secret in it.

    Attributes:
        text: As it was given.
        url: What opens the store, from any folder.
    """

    text: str
    url: str

    def __str__(self) -> str:
        return urls.shown(self.url)


def read_place(text: str) -> Place:
    """Read the name of a folder or the URL of a store.

    A name that is not absolute counts from the folder in which the server is started, as in AMP.

    Raises:
        ValueError: If it names no folder.
    """
    if scheme_of(text) not in ("directory", "file"):
        return Place(text, text)
    try:
        return Place(text, str(path_of(text)))
    except StoreUnfit as error:
        raise ValueError(error.message) from error
