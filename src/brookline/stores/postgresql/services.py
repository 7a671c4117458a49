"""Services of libpq: sets of parameters that a file keeps by name, as ``PGSERVICE`` names one."""

from __future__ import annotations

import configparser
from pathlib import Path
from typing import TYPE_CHECKING

from brookline.errors import StoreUnfit

if TYPE_CHECKING:
    from collections.abc import Mapping

_FILE = "~/.pg_service.conf"


def read_service(place: str, name: str, environment: Mapping[str, str]) -> dict[str, str]:
    """Return what a service says; refuse one that the driver would not find or read.

    It passes over one that it does not find, and goes to a server of this machine then.

    Args:
        place: The store, for people.
        name: Of the service.
        environment: Of which ``PGSERVICEFILE`` counts.

    Raises:
        StoreUnfit: If there is no such service in the file.
    """
    named = environment.get("PGSERVICEFILE", _FILE)
    services = configparser.ConfigParser()
    try:
        services.read(Path(named).expanduser())
        found = dict(services.items(name)) if name in services.sections() else {}
    except (configparser.Error, OSError, RuntimeError, ValueError) as problem:
        # Not what is wrong with it: that quotes a line, which may hold a password.
        raise StoreUnfit(f"{place}: {named} cannot be read ({type(problem).__name__})") from problem
    if not found:
        raise StoreUnfit(
            f"{place}: there is no service '{name}' in {named}; look at ?service= or PGSERVICE, and"
            " PGSERVICEFILE"
        )
    return found
