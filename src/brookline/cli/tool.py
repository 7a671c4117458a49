"""What each command works with: the options that all have, a client, and the output."""

from __future__ import annotations

import dataclasses
import functools
import os
import sys
from typing import TYPE_CHECKING, Any, ParamSpec

import click

from brookline.cli.access import Access, Wish, find_access
from brookline.cli.output import FORMS, Output
from brookline.client.client import Client
from brookline.client.course import Patience
from brookline.client.session import Session
from brookline.client.transport import HttpTransport, Tls
from brookline.errors import NotLoggedIn
from brookline.values.pace import Pace, SystemPace

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from brookline.client.calls import Call

P = ParamSpec("P")

_OPTIONS = (
    click.option(
        "--url",
        "urls",
        multiple=True,
        metavar="URL",
        help="Address of a node; several with commas or several times. [BROOKLINE_URL]",
    ),
    click.option("--user", default="", help="Who you are. [BROOKLINE_USER]"),
    click.option("--password", default="", help="Your password. [BROOKLINE_PASSWORD]"),
    click.option(
        "--home",
        default="",
        metavar="DIR",
        help="Home of a node: its address, and its admin-password.",
    ),
    click.option(
        "--cacert",
        default="",
        metavar="FILE",
        help="Trust the certificates in this file. [BROOKLINE_CACERT]",
    ),
    click.option("--insecure", is_flag=True, help="Accept any certificate. [BROOKLINE_INSECURE]"),
)

_HOME_OF_STORE = click.option(
    "--home", default="", metavar="DIR", help="Home of a node: it remembers its plane's store."
)

_FORM = click.option(
    "-o",
    "--output",
    "form",
    type=click.Choice(FORMS),
    default=None,
    help="Form of the data on stdout.  [default: table]",
)

_NO_COLOUR = click.option("--no-color", is_flag=True, help="Do without colours. [NO_COLOR]")

_NAMES = ("urls", "user", "password", "home", "cacert", "insecure")


class Tool:
    """A command's way to the plane and to the user.

    Attributes:
        access: How the plane is reached.
        out: Where results go.
        pace: The clock.
    """

    def __init__(self, access: Access, out: Output, *, pace: Pace | None = None) -> None:
        self.access = access
        self.out = out
        self.pace: Pace = pace or SystemPace()
        self._client: Client | None = None
        self._session: Session | None = None
        self._told = ""

    @property
    def client(self) -> Client:
        """The client; made when it is first asked for."""
        if self._client is None:
            self._client = self.make_client(Patience(), on_wait=self._tell_why)
        return self._client

    def make_client(
        self, patience: Patience, *, on_wait: Callable[[str], None] | None = None
    ) -> Client:
        """Return a client for work that is more, or less, patient than commands are.

        All that a command makes know what one of them has learned of the plane: the node that was
        given may be gone by the next one.
        """
        self._session = self._session or self._new_session()
        return self._client_of(self._session, patience, on_wait)

    def make_stranger(self, patience: Patience) -> Client:
        """Return a client that shares nothing with others, for a thread of its own."""
        return self._client_of(self._new_session(), patience)

    def _client_of(
        self, session: Session, patience: Patience, on_wait: Callable[[str], None] | None = None
    ) -> Client:
        tls = Tls(self.access.authorities, self.access.insecure)
        return Client(
            (),
            patience=patience,
            transport=HttpTransport(tls),
            pace=self.pace,
            on_wait=on_wait,
            session=session,
        )

    def _new_session(self) -> Session:
        access = self.access
        return Session(access.urls, user=access.user, password=access.password)

    def _tell_why(self, why: str) -> None:
        """Say once what a command waits for, so that its silence is not taken for a fault."""
        if why != self._told:
            self._told = why
            self.out.tell(f"{why}; trying again")

    def do(self, call: Call[Any]) -> Any:
        """Make a call."""
        return self.client.do(call)

    def close(self) -> None:
        """Give back connections."""
        if self._client is not None:
            self._client.close()


def with_tool(function: Callable[..., None]) -> Callable[..., None]:
    """Give a command the common options, and a `Tool` made of them as its first argument.

    The options may also stand before the command's name.
    """

    @functools.wraps(function)
    def command(**given: Any) -> None:
        earlier: Mapping[str, Any] = click.get_current_context().find_root().obj or {}
        common = {name: given.pop(name) or earlier.get(name) for name in _NAMES}
        form = given.pop("form") or earlier.get("form") or "table"
        colour = not (given.pop("no_color") or earlier.get("no_color"))
        wish = Wish(**{name: value for name, value in common.items() if value})
        tool = Tool(find_access(_asked(wish), os.environ), Output(form, colour=colour))
        try:
            function(tool, **given)
        except NotLoggedIn as error:
            raise _with_origin(error, tool.access) from error
        finally:
            tool.close()

    return common_options(command)


def _with_origin(error: NotLoggedIn, access: Access) -> NotLoggedIn:
    """Say whose password was refused, and where it comes from: a folder may hold an old one."""
    if not access.user:
        return error
    origin = f", whose password is from {access.password_from}" if access.password_from else ""
    return NotLoggedIn(
        f"{error.message}: {access.user}{origin}", details=error.details, data=error.data
    )


def common_options(function: Callable[P, None]) -> Callable[P, None]:
    """Add the options that all commands have."""
    for option in reversed((*_OPTIONS, _FORM, _NO_COLOUR)):
        function = option(function)
    return function


def offline_options(function: Callable[P, None], *, home: bool) -> Callable[P, None]:
    """Add the options of a command that asks no server, `--home` only if it reads one."""
    for option in reversed((*([_HOME_OF_STORE] if home else []), _FORM, _NO_COLOUR)):
        function = option(function)
    return function


def _asked(wish: Wish) -> Wish:
    """Ask for the password of a named user, where somebody is there to answer."""
    known = wish.password or wish.home or "BROOKLINE_PASSWORD" in os.environ
    if not wish.user or known or not sys.stdin.isatty():
        return wish
    password = click.prompt(f"Password of {wish.user}", hide_input=True, err=True)
    return dataclasses.replace(wish, password=password)
