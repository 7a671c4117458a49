"""Whether a store is there: opening one makes its folder or table, and who only looks wants none.

What is not there yet can be tried all the same, in another place beside it.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import shutil
from typing import TYPE_CHECKING

from brookline.errors import StoreError
from brookline.stores.registry import path_of, scheme_of
from brookline.stores.urls import require_secrets
from brookline.values.ids import new_id

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

_FOLDERS = ("directory", "file")
_TABLES = ("postgres", "postgresql")


async def is_there(url: str) -> bool:
    """Tell whether opening a store would make nothing; what an object store or etcd has is keys.

    Raises:
        StoreUnfit: If the URL names no store or lacks a secret, or the database is not there.
        StoreError: If it gives no answer.
    """
    require_secrets(url)
    scheme = scheme_of(url)
    if scheme in _FOLDERS:
        return os.path.lexists(path_of(url))
    if scheme in _TABLES:
        from brookline.stores.postgresql.store import PostgresqlStore  # noqa: PLC0415
        from brookline.stores.postgresql.table import is_made  # noqa: PLC0415

        return await PostgresqlStore.once(url, is_made)
    return True


@contextlib.asynccontextmanager
async def beside(url: str) -> AsyncIterator[str]:
    """Yield the URL of a store where one that is not there would be; it is removed at the end.

    Never the one that was named: a node may begin a plane in that meanwhile.

    Raises:
        StoreError: If it could not be removed.
    """
    name = f"_check_{new_id()}"
    if scheme_of(url) in _FOLDERS:
        path = path_of(url)
        path = path.with_name(f"{path.name}{name}")
        try:
            yield str(path)
        finally:
            await asyncio.to_thread(_remove, path)
        return
    from brookline.stores.postgresql.address import with_suffix  # noqa: PLC0415
    from brookline.stores.postgresql.store import PostgresqlStore  # noqa: PLC0415
    from brookline.stores.postgresql.table import drop_table  # noqa: PLC0415

    other = with_suffix(url, name)
    try:
        yield other
    finally:
        await PostgresqlStore.once(other, drop_table)


def _remove(path: Path) -> None:
    try:
        shutil.rmtree(path)
    except FileNotFoundError:
        return
    except OSError as problem:
        raise StoreError(f"{path} could not be removed: {problem.strerror}; remove it") from problem
