"""What PostgreSQL or the network said, in a sentence that says what to do."""

from __future__ import annotations

import difflib
from typing import TYPE_CHECKING

import asyncpg

from brookline.errors import StoreAbsent, StoreError, StoreUnfit
from brookline.stores.wording import network_words

if TYPE_CHECKING:
    from brookline.stores.postgresql.address import Address

FAILURES = (asyncpg.PostgresError, asyncpg.InterfaceError, asyncpg.InternalClientError, OSError)
"""All that a call may raise for the server or the way to it; a time-out is an OSError."""

MISSPELT = (
    asyncpg.UndefinedObjectError, asyncpg.InvalidParameterValueError,
    asyncpg.CantChangeRuntimeParamError,
)  # fmt: skip
"""Said at a login of a parameter of the URL: what the driver does not know goes to the server."""

_PARAMETERS = (
    "table", "service", "host", "port", "user", "password", "passfile", "dbname", "sslmode",
    "sslrootcert", "sslcert", "sslkey", "sslcrl", "sslpassword", "sslnegotiation",
    "application_name", "options",
)  # fmt: skip


def refused(address: Address, problem: Exception) -> StoreError:
    """Return the error for a connection that could not be made."""
    place = address.place
    match problem:
        case asyncpg.InvalidAuthorizationSpecificationError():
            return StoreUnfit(
                f"{place}: the login is refused ({said(problem)}); look at the user in the URL, the"
                " password in PGPASSWORD or the file PGPASSFILE, and the server's pg_hba.conf"
            )
        case asyncpg.InvalidCatalogNameError():
            return StoreAbsent(f"{place}: {said(problem)}; make it, as with createdb")
        case _ if isinstance(problem, MISSPELT):
            return StoreUnfit(
                f"{place}: a parameter of the URL is wrong: {said(problem)}{_meant(str(problem))}"
            )
        case asyncpg.TargetServerAttributeNotMatched():
            return StoreError(
                f"{place}: no server there takes writes, all are read-only or standbys; name the"
                " primary, or all hosts with commas between"
            )
        case FileNotFoundError():
            return StoreError(
                f"{place}: a file is not there; look at the socket in 'host' or PGHOST, and at"
                " sslrootcert, sslcert and sslkey, or PGSSLROOTCERT, PGSSLCERT and PGSSLKEY"
            )
        case asyncpg.PostgresError():
            return StoreError(f"{place} lets nobody in: {said(problem)}")
        case asyncpg.ClientConfigurationError() | ValueError() | OverflowError():
            return StoreUnfit(f"{place}: {said(problem)}")
        case _:
            return StoreError(
                f"{place} cannot be reached: {said(problem)}; does PostgreSQL run there, and may"
                " this host connect to it?"
            )


def _meant(text: str) -> str:
    """Return ``; did you mean …?`` for a parameter that is much like one of ours, or nothing."""
    name = text.partition('"')[2].partition('"')[0]
    close = difflib.get_close_matches(name.lower(), _PARAMETERS, n=1)
    return f"; did you mean '{close[0]}'?" if close and close[0] != name else ""


def said(problem: BaseException) -> str:
    """Return what was said, on one line."""
    if isinstance(problem, OSError):
        return network_words(problem)
    text = str(problem) or type(problem).__name__
    return " ".join(text.split())
