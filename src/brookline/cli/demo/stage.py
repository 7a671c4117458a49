"""The stage: folder, servers and clients of one demo, and everything's end."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING, TypeVar

from brookline.cli.access import ADDRESS, DEFAULT_USER, PASSWORD
from brookline.cli.demo.nodes import Node, end_nodes, free_ports, read_pid, runs_on
from brookline.client import calls
from brookline.client.client import Client
from brookline.client.course import Patience
from brookline.errors import BrooklineError, NotFound

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from pathlib import Path

    from brookline.client.states import Member, PlaneStates
    from brookline.values.pace import Pace

T = TypeVar("T")

LOOK_S = 0.02
NAMES = ("n1", "n2")


class NotSeen(Exception):
    """What should have come did not come in time.

    Attributes:
        what: What it is.
        so_far: How things stood at the end.
    """

    def __init__(self, what: str, so_far: str = "") -> None:
        super().__init__(what)
        self.what = what
        self.so_far = so_far


class Stage:
    """Two servers, and clients that know both.

    Attributes:
        folder: Where all of it lies.
        nodes: The servers by name.
        apps: Ids of the applications that were deployed, the first one has the page.
        pace: The clock.
    """

    def __init__(self, folder: Path, pace: Pace) -> None:
        self.folder = folder
        self.pace = pace
        self.apps: list[str] = []
        ports = free_ports(len(NAMES))
        self.nodes = {n: Node(n, folder, port) for n, port in zip(NAMES, ports, strict=True)}

    @property
    def app(self) -> str:
        """Id of the application that has the page."""
        return self.apps[0]

    @property
    def urls(self) -> list[str]:
        """Addresses of both servers."""
        return [node.url for node in self.nodes.values()]

    @property
    def password(self) -> str:
        """The password that the first master has made."""
        for node in self.nodes.values():
            path = node.home / PASSWORD
            if path.exists():
                return path.read_text(encoding="utf-8").strip()
        return ""

    def client(self, patience: Patience | None = None) -> Client:
        """Return a client that knows both addresses."""
        patience = patience or Patience(budget_s=60, absent_s=60)
        return Client(self.urls, user=DEFAULT_USER, password=self.password, patience=patience)

    def wait_for(self, what: str, look: Callable[[], T | None], *, seconds: float) -> T:
        """Look again and again until there is something to see.

        Raises:
            NotSeen: If it does not come in time, or a server has ended.
        """
        deadline = self.pace.monotonic() + seconds
        trouble = ""
        while True:
            try:
                found = look()
            except BrooklineError as error:
                found, trouble = None, error.message
            if found is not None:
                return found
            if self.pace.monotonic() > deadline:
                raise NotSeen(f"{what} (waited {seconds:g} s)", trouble)
            self.pace.sleep(LOOK_S)

    def wait_for_state(self, name: str, state: str, *, seconds: float) -> Member:
        """Wait until a node's own word is that it has this state.

        Raises:
            NotSeen: If it does not come in time, or the process has ended.
        """
        node = self.nodes[name]

        def look() -> Member | None:
            if node.has_ended():
                raise NotSeen(f"{name} is {state}", "its process has ended")
            own = self.states_at(name)
            member = own.by_instance(own.own) if own else None
            return member if member is not None and member.status == state else None

        return self.wait_for(f"{name} is {state}", look, seconds=seconds)

    def states_at(self, name: str) -> PlaneStates | None:
        """Return the plane as that node shows it, or None while it does not."""
        if not self.password:
            return None
        url = self.nodes[name].url
        with Client([url], user=DEFAULT_USER, password=self.password, patience=_HURRIED) as client:
            try:
                return client.do(calls.states(at=url), timeout_s=2.0)
            except BrooklineError:
                return None

    def end_earlier(self) -> list[int]:
        """End what an earlier demo has left running in the folder, and empty it.

        Returns:
            The process ids of the servers that were ended.
        """
        homes = [self.folder / name for name in NAMES]
        if any(runs_on(read_pid(home), home) for home in homes):
            self._delete_apps_of(homes)
        ended = end_nodes(homes, self.pace)
        shutil.rmtree(self.folder, ignore_errors=True)
        self.folder.mkdir(parents=True)
        return ended

    def end(self) -> None:
        """Delete the applications, so that their processes end, and then end the servers."""
        if self.apps:
            self._delete_apps()
        end_nodes([node.home for node in self.nodes.values()], self.pace)

    def _delete_apps_of(self, homes: Iterable[Path]) -> None:
        addresses = [home / ADDRESS for home in homes]
        urls = [path.read_text(encoding="utf-8").strip() for path in addresses if path.exists()]
        patience = Patience(budget_s=15)
        with Client(urls, user=DEFAULT_USER, password=self.password, patience=patience) as client:
            try:
                for app in client.do(calls.applications()):
                    self._delete(client, app["id"])
            except (BrooklineError, NotSeen):
                return  # whatever runs there belongs to nobody now

    def _delete_apps(self) -> None:
        with self.client(Patience(budget_s=15)) as client:
            try:
                while self.apps:
                    self._delete(client, self.apps[-1])
                    self.apps.pop()
            except (BrooklineError, NotSeen):
                return  # its process is ended by whoever knows its id

    def _delete(self, client: Client, app: str) -> None:
        client.do(calls.delete(app))

        def is_gone() -> bool | None:
            try:
                client.do(calls.application(app))
            except NotFound:
                return True
            return None

        self.wait_for(f"application {app} is gone", is_gone, seconds=30)


_HURRIED = Patience(budget_s=0)
