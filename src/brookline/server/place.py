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
    """

    text: str

    def __str__(self) -> str:
        return urls.shown(self.url)

    @property
    def url(self) -> str:
        """What opens the store.

        A name that is not absolute counts from the folder in which the server is started, as in AMP.
        """
        if scheme_of(self.text) not in ("directory", "file"):
            return self.text
        return str(path_of(self.text).absolute())


def read_place(text: str) -> Place:
    """Read the name of a folder or the URL of a store.

    Raises:
        ValueError: If it names no folder.
    """
    place = Place(text)
    try:
        _ = place.url
    except StoreUnfit as error:
        raise ValueError(error.message) from error
    return place
