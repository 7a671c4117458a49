"""brookline ha status --watch: redrawn in place on a terminal, a line a change elsewhere."""

from __future__ import annotations

import contextlib
import dataclasses
import sys
from collections import deque
from typing import TYPE_CHECKING, Any

from brookline.cli.ha import find_history, status_blocks, with_timeout
from brookline.cli.ha_view import events
from brookline.cli.moments import moment
from brookline.client import calls
from brookline.client.course import Patience
from brookline.client.states import PlaneStates
from brookline.errors import Unavailable

if TYPE_CHECKING:
    from brookline.cli.blocks import Block
    from brookline.cli.terminal import Screen
    from brookline.cli.tool import Tool
    from brookline.client.client import Client
    from brookline.client.states import Mastership

EVERY_S = 0.5
MOST_S = 2.0
"""Between two looks while a node tells of changes."""

ANSWER_S = 2.0
"""How long a node may take to answer before another is asked: a frozen one must not freeze us."""

KEPT_EVENTS = 10


class Watch:
    """Shows the plane again and again: on the screen, or by appending to stdout without one."""

    def __init__(self, tool: Tool, client: Client, screen: Screen | None = None) -> None:
        self._tool = tool
        self._client = client
        self._screen = screen
        self._states: PlaneStates | None = None
        self._history: list[Mastership] = []
        self._events: deque[str] = deque(maxlen=KEPT_EVENTS)
        self._absent = ""
        self._seen: list[Block] = []
        self._seen_ms: int | None = None

    def look(self) -> None:
        """Look once, and show what is there or what has changed."""
        try:
            raw = self._client.do(calls.states_json(), timeout_s=ANSWER_S) or {}
        except Unavailable as error:
            self._nobody_answers(error)
            return
        if self._absent:
            self._absent = ""
            self._say("a node answers again")
        self._take(PlaneStates.from_json(raw), raw)

    def _take(self, states: PlaneStates, raw: dict[str, Any]) -> None:
        before = self._states
        timeout_ms = before.timeout_ms if before else None
        if timeout_ms is None:
            states = with_timeout(self._client, states)
        else:
            states = dataclasses.replace(states, timeout_ms=timeout_ms)
        changes = list(events(before, states)) if before else []
        if before is None or changes:
            self._history = find_history(self._client)
        self._states = states
        for change in changes:
            self._say(change)
        if self._screen is not None:
            self._seen = status_blocks(self._tool, states, self._history)
            self._seen_ms = self._tool.pace.wall_ms()
            self._draw(*self._seen)
        elif before is None or changes:
            self._append(states, raw, first=before is None)

    def _draw(self, *blocks: Block) -> None:
        assert self._screen is not None
        self._screen.draw([*blocks, "", *self._events, "Ctrl-C ends."])

    def _append(self, states: PlaneStates, raw: dict[str, Any], *, first: bool) -> None:
        """Print the plane once, and afterwards only changes; whole documents if asked for data."""
        if self._tool.out.form != "table":
            self._tool.out.append(raw)
        elif first:
            self._tool.out.show(*status_blocks(self._tool, states, self._history))

    def _nobody_answers(self, error: Unavailable) -> None:
        if self._absent != error.message:
            self._absent = error.message
            self._say(f"nobody answers: {error.message}")
        if self._screen is not None:
            as_of = moment(self._seen_ms, self._tool.pace.wall_ms())
            stale = [*self._seen, f"! nobody answers; this is as of {as_of}"] if self._seen else []
            self._draw(*stale)

    def _say(self, what: str) -> None:
        now_ms = self._tool.pace.wall_ms()
        line = f"{moment(now_ms, now_ms)} {what}"
        self._events.append(line)
        if self._screen is None and self._tool.out.form == "table":
            self._tool.out.show(line)


def watch_states(tool: Tool) -> None:
    """Show the plane until Ctrl-C."""
    with (
        tool.make_client(Patience(budget_s=0)) as client,
        contextlib.suppress(KeyboardInterrupt),
        tool.out.screen(sys.stdout) as screen,
    ):
        watch = Watch(tool, client, screen)
        with client.ear("topics=plane", "plane", "pulse", "leaving", "cut") as ear:
            while True:
                watch.look()
                ear.pause(tool.pace, EVERY_S, MOST_S)
