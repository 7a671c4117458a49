"""The table of a plane: made if it is missing, refused if it is something else."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import asyncpg

from brookline.errors import StoreUnfit
from brookline.stores.names import PROBE
from brookline.stores.postgresql.wording import said

if TYPE_CHECKING:
    from asyncpg import Connection

    from brookline.stores.postgresql.address import Address

_TRIES = 3

_COLUMNS = """
SELECT a.attname AS name, format_type(a.atttypid, a.atttypmod) AS type,
       c.collname AS collation, a.attnum = ANY(coalesce(i.indkey::int2[], '{}')) AS primary
  FROM pg_attribute a
  LEFT JOIN pg_collation c ON c.oid = a.attcollation
  LEFT JOIN pg_index i ON i.indrelid = a.attrelid AND i.indisprimary AND i.indnatts = 1
 WHERE a.attrelid = to_regclass($1) AND a.attnum > 0 AND NOT a.attisdropped
 ORDER BY a.attname
"""

_KIND = """
SELECT relkind::text AS kind, relpersistence::text AS persistence FROM pg_class
 WHERE oid = to_regclass($1)
"""

_EXPECTED = [("data", "bytea", None, False), ("key", "text", "C", True)]


class Statements(NamedTuple):
    """The SQL of the five calls, for one table."""

    create: str
    get: str
    put: str
    list: str
    delete: str
    settle: str


def statements(table: str) -> Statements:
    """Return the SQL for a table.

    `create` tells listeners which key there is now, and under which setting it was committed; no
    row means that the key existed. In `list`, ``~`` is greater than all that a key is made of.
    `settle` locks the row, which is a small commit: once that is durable, and replicated, so is all
    that was committed before it.
    """
    return Statements(
        create=f"WITH made AS (INSERT INTO {table} (key, data) VALUES ($1, $2)"
        " ON CONFLICT (key) DO NOTHING RETURNING key)"
        " SELECT current_setting('synchronous_commit'), pg_notify($3, key) FROM made",
        get=f"SELECT data FROM {table} WHERE key = $1",
        put=f"INSERT INTO {table} (key, data) VALUES ($1, $2)"
        " ON CONFLICT (key) DO UPDATE SET data = EXCLUDED.data",
        list=f"SELECT key FROM {table} WHERE key >= $1 AND key < $1 || '~' AND key > $2"
        " ORDER BY key",
        delete=f"DELETE FROM {table} WHERE key = $1",
        settle=f"SELECT 1 FROM {table} WHERE key = $1 FOR UPDATE",
    )


async def ensure_table(connection: Connection, address: Address) -> None:
    """Make the table if it is missing.

    Raises:
        StoreUnfit: If it holds something else, or cannot be made.
        PostgresError: If the server says anything else.
    """
    columns: list[tuple[object, ...]] = []
    for left in reversed(range(_TRIES)):
        columns = [tuple(row) for row in await connection.fetch(_COLUMNS, address.table)]
        if columns:
            break
        try:
            await _make_table(connection, address.table)
        except asyncpg.InsufficientPrivilegeError as problem:
            raise StoreUnfit(
                f"{address.place}: the table {address.table} is missing, and this user may not make"
                f" it ({said(problem)}): grant it CREATE on the schema"
            ) from problem
        except asyncpg.InvalidSchemaNameError as problem:
            raise StoreUnfit(f"{address.place}: {said(problem)}; make it") from problem
        except (
            asyncpg.UniqueViolationError,
            asyncpg.DuplicateTableError,
            asyncpg.DuplicateObjectError,  # the type of its rows
        ):
            if not left:
                raise  # another node makes it at the same time, as a rule
    if columns and columns != _EXPECTED:
        raise StoreUnfit(
            f"{address.place}: the table {address.table} is something else; nothing was touched:"
            " name another with ?table="
        )
    await _require_durable(connection, address)


async def _require_durable(connection: Connection, address: Address) -> None:
    """Refuse what the server empties in a crash or at the end of a session, or may keep elsewhere.

    Raises:
        StoreUnfit: If it is no plain table, or one without a log.
    """
    found = await connection.fetchrow(_KIND, address.table)
    place, table = address.place, address.table
    match found and tuple(found):
        case ("r", "p"):
            return
        case ("r", "u"):
            raise StoreUnfit(
                f"{place}: the table {table} is UNLOGGED, and the server would empty it in a crash:"
                f" ALTER TABLE {table} SET LOGGED"
            )
        case ("r", "t"):
            raise StoreUnfit(
                f"{place}: the table {table} is temporary, and ends with its session: name another"
                " with ?table="
            )
        case _:
            raise StoreUnfit(f"{place}: {table} is no plain table: name another with ?table=")


async def _make_table(connection: Connection, table: str) -> None:
    await connection.execute(
        f'CREATE TABLE IF NOT EXISTS {table} (key text COLLATE "C" PRIMARY KEY, data bytea NOT NULL)'
    )
    # Entries are compressed by nobody else: it would cost more time than it saves.
    await connection.execute(f"ALTER TABLE {table} ALTER COLUMN data SET STORAGE EXTERNAL")


async def is_made(connection: Connection, address: Address) -> bool:
    """Tell whether there is anything by the name of the table."""
    found: bool = await connection.fetchval("SELECT to_regclass($1) IS NOT NULL", address.table)
    return found


async def drop_table(connection: Connection, address: Address) -> None:
    """Remove the table with all that is in it, if there is one."""
    await connection.execute(f"DROP TABLE IF EXISTS {address.table}")


async def rehearse(connection: Connection, address: Address) -> None:
    """Run all statements once, and take everything back.

    So the server has them ready on this connection when one is in a hurry, and a user who may not
    do one of them is found out.

    Raises:
        StoreUnfit: If the user may not.
        PostgresError: If the server says anything else.
    """
    sql, key = statements(address.table), f"{PROBE}rehearsal"
    await connection.execute("BEGIN")
    try:
        await connection.fetchval(sql.create, key, b"", address.channel)
        await connection.execute(sql.put, key, b"")
        await connection.fetchval(sql.get, key)
        await connection.fetch(sql.list, key, "")
        await connection.execute(sql.settle, key)
        await connection.execute(sql.delete, key)
    except asyncpg.InsufficientPrivilegeError as problem:
        raise StoreUnfit(
            f"{address.place}: {said(problem)}: grant the user SELECT, INSERT, UPDATE and DELETE"
        ) from problem
    finally:
        await connection.execute("ROLLBACK")
