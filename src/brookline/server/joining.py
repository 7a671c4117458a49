"""Joining a plane: the store is waited for and tried before the node takes part."""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING

import msgspec

from brookline.errors import Conflict, Damaged, InvalidInput, StoreAbsent, StoreError, StoreUnfit
from brookline.journal.planekey import find_plane
from brookline.plane.admission import NO_PLANE, may_begin_plane
from brookline.security.files import write_private
from brookline.server.catalogue import PersistMode
from brookline.stores.probe import QUICK, WHOLE, Report, Size, probe, require_fit
from brookline.stores.registry import path_of, scheme_of
from brookline.stores.urls import shown

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable
    from pathlib import Path

    from brookline.plane.node import PlaneNode
    from brookline.server.home import Home
    from brookline.stores.store import Store
    from brookline.values.clock import Clock

log = logging.getLogger("brookline.server")

PROBE = "probe.json"
"""File of the home's data with the report of the last probe."""

_PAUSE_S = 1.0


class Joining:
    """Brings a node into its plane.

    Args:
        node: The node.
        home: Remembers the plane of before.
        url: Of the store.
        connect: Opens a connection to it.
        persist: What to do with what is there.
        clock: For pauses.
    """

    def __init__(
        self,
        node: PlaneNode,
        home: Home,
        *,
        url: str,
        connect: Callable[[], Awaitable[Store]],
        persist: PersistMode,
        clock: Clock,
    ) -> None:
        self._node = node
        self._home = home
        self._url = shown(url)
        self._connect = connect
        self._persist = persist
        self._clock = clock
        self._told = ""
        self._probe_due = False

    async def join(self) -> None:
        """Take part; waits for a store that is not there or does not answer, and says so.

        Raises:
            StoreUnfit: If the store cannot carry a plane.
            Conflict: If the node may not take part.
            InvalidInput: If there is nothing to go on with, and that was asked for.
            Damaged: If the plane's log is.
        """
        while True:
            try:
                return await self._try()
            except StoreAbsent as error:
                self._say(error)
            except StoreUnfit:
                raise
            except StoreError as error:
                self._say(error)
            except Damaged as error:
                raise Damaged(
                    f"{error.message} (in {self._url}); nothing is skipped: restore it from a copy"
                ) from error
            await self._clock.sleep(_PAUSE_S)

    async def _try(self) -> None:
        if self._persist is not PersistMode.DISABLED:
            await self._refuse_missing()
            store = await self._connect()
            try:
                await self._examine(store)
            finally:
                await store.close()
        await self._node.start()
        try:
            self._home.remember(store=self._url, plane=self._node.plane_id)
        except OSError as error:
            _warn("the plane is not remembered in the home", error)

    async def _examine(self, store: Store) -> None:
        try:
            plane = await find_plane(store)
        except StoreUnfit as error:
            raise StoreUnfit(f"{self._url}: {error.message}") from error
        same_place = self._home.last_store == self._url
        if plane is None:
            self._refuse_empty(same_place=same_place)
        elif same_place and self._home.last_plane not in ("", plane):
            fields = {"before": self._home.last_plane, "now": plane}
            log.warning("another plane than before is in the store", extra={"fields": fields})
        elif not same_place and self._home.last_store:
            fields = {"before": self._home.last_store, "now": self._url}
            log.warning("another store than before", extra={"fields": fields})
        if plane is None or not same_place:
            require_fit(await self._probe(store, WHOLE))
        else:
            self._probe_due = True

    async def _refuse_missing(self) -> None:
        """Refuse a folder that is not there and should hold a plane, before opening it makes it.

        Raises:
            InvalidInput, Conflict, StoreError: As `_refuse_empty`.
        """
        folder = scheme_of(self._url) in {"directory", "file"}
        known = self._home.last_store == self._url and self._home.last_plane
        if folder and known and await asyncio.to_thread(_is_missing, path_of(self._url)):
            self._refuse_empty(same_place=True, found="not there")

    def _refuse_empty(self, *, same_place: bool, found: str = "empty") -> None:
        """Refuse to begin a plane where one should be.

        Raises:
            InvalidInput: If the operator asked for what is there.
            Conflict: If the node's mode begins none; said before the store is tried, so that
                nothing is written.
            StoreError: If this home knows a plane there: a file system that is not mounted yet
                would else become the place of a second plane of the same name.
        """
        if self._persist is PersistMode.REBIND:
            raise InvalidInput(f"persistMode is REBIND, and there is no state in {self._url}")
        if same_place and self._home.last_plane and self._persist is not PersistMode.CLEAN:
            raise StoreError(
                f"{self._url} is {found}, but this home took part in plane {self._home.last_plane}"
                " there: is it mounted? To begin anew in it, start once with --persist clean"
            )
        if not may_begin_plane(self._node.mode):
            raise Conflict(NO_PLANE.format(self._node.mode.value))

    async def probe_again(self) -> None:
        """Try a store that was found fit before, in short; what it lacks now is an alarm."""
        if not self._probe_due:
            return
        try:
            store = await self._connect()
            try:
                require_fit(await self._probe(store, QUICK))
            finally:
                await store.close()
        except StoreUnfit as error:
            log.critical("the store is not what it was", extra={"fields": {"why": error.message}})
        except StoreError as error:
            fields = {"why": error.message}
            log.warning("the store was not probed: it gave no answer", extra={"fields": fields})

    async def _probe(self, store: Store, size: Size) -> Report:
        other = await self._connect()
        try:
            report = await probe(store, other, clock=self._clock, size=size)
        finally:
            await other.close()
        fields = {"size": report.size, "took_s": report.took_s, "fit": report.fit}
        log.info("store probed", extra={"fields": fields})
        try:
            write_private(self._home.data / PROBE, msgspec.json.encode(report))
        except OSError as error:
            _warn("the probe's report is not kept in the home", error)
        return report

    def _say(self, error: StoreError) -> None:
        self._node.wait_for_store(error.message)
        if error.message != self._told:
            self._told = error.message
            log.warning("waiting for the store", extra={"fields": {"why": error.message}})


def _warn(event: str, error: OSError) -> None:
    log.warning(event, extra={"fields": {"why": str(error)}})


def _is_missing(folder: Path) -> bool:
    """Tell whether a folder is not there; what else may be wrong with it is found by opening it."""
    try:
        folder.stat()
    except FileNotFoundError:
        return True
    except OSError:
        return False
    return False
