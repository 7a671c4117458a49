"""What the doctor finds on the client's side: one check after the other, each with a fix."""

from __future__ import annotations

import dataclasses
import email.utils
from typing import TYPE_CHECKING

from brookline.cli.complaints import next_step
from brookline.cli.ha_view import is_silent, silence
from brookline.client import calls
from brookline.client.course import Patience
from brookline.client.session import make_request
from brookline.errors import BrooklineError, NotLoggedIn, Unavailable
from brookline.version import VERSION

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from brookline.cli.tool import Tool
    from brookline.client.client import Client
    from brookline.client.states import PlaneStates

SKEW_S = 5.0
"""Difference of clocks from which on times in lists mislead; no decision depends on it."""


@dataclasses.dataclass(frozen=True, slots=True)
class Finding:
    """The result of one check.

    Attributes:
        check: What was looked at.
        result: ``pass``, ``warn`` or ``fail``.
        found: One line.
        fix: What to do about it, or empty.
    """

    check: str
    result: str
    found: str
    fix: str = ""


def examine_plane(tool: Tool) -> list[Finding]:
    """Check the way to a plane; later checks are left out where an earlier one says enough."""
    access = tool.access
    findings = [Finding("addresses", "pass", f"{', '.join(access.urls)} (from {access.urls_from})")]
    with tool.make_client(Patience(budget_s=0)) as client:
        findings += [_reach(client, url, tool.pace.wall_ms()) for url in access.urls]
        if all(each.result == "fail" for each in findings[1:]):
            return findings
        findings.extend(_login(client, tool))
        if findings[-1].result == "fail":
            return findings
        findings.extend(_plane(client.do(calls.states())))
    return findings


def _reach(client: Client, url: str, now_ms: int) -> Finding:
    check = f"reach {url}"
    try:
        answer = client.ask(make_request("GET", "/v1/server/up", at=url))
    except Unavailable as error:
        return Finding(check, "fail", error.message, next_step(error))
    skew_s = _skew_s(answer.headers.get("date", ""), now_ms)
    if abs(skew_s) > SKEW_S:
        text = f"answers; its clock is {abs(skew_s):.0f} s {'ahead' if skew_s > 0 else 'behind'}"
        return Finding(check, "warn", text, "set the clocks, or times in lists mislead")
    return Finding(check, "pass", "answers")


def _login(client: Client, tool: Tool) -> Iterator[Finding]:
    access = tool.access
    who = f"{access.user} (password from {access.password_from})" if access.user else "nobody"
    try:
        version = client.do(calls.version()).get("version")
    except NotLoggedIn as error:
        yield Finding("login", "fail", f"{error.message} as {who}", next_step(error))
        return
    except BrooklineError as error:
        yield Finding("login", "fail", error.message)
        return
    yield Finding("login", "pass", f"as {who}")
    if version == VERSION:
        yield Finding("version", "pass", f"{VERSION} here and there")
    else:
        yield Finding("version", "warn", f"{VERSION} here, {version} there", "use the same version")


def _plane(states: PlaneStates) -> Iterator[Finding]:
    leader, follower = states.leader(), states.first_in_line()
    if leader is None:
        fix = "see brookline ha status; start a node, or brookline ha promote"
        yield Finding("master", "fail", "nobody leads", fix)
    elif is_silent(leader):
        yield Finding("master", "warn", silence(leader, states), "see brookline ha status --watch")
    else:
        yield Finding("master", "pass", f"{leader.name} leads")
    if follower is None:
        yield Finding("standby", "warn", "nobody stands by", _how_to_have_a_standby(states))
    else:
        yield Finding("standby", "pass", f"{follower.name} ({follower.status}) is first in line")
    yield from _alarms(states)
    yield _versions(states)


def _how_to_have_a_standby(states: PlaneStates) -> str:
    failed = [each.name for each in states.members if each.status == "FAILED"]
    if failed:
        return f"{', '.join(failed)} could, but FAILED: see brookline ha status, and its log"
    return "start a second node on the same store"


def _alarms(states: PlaneStates) -> Iterator[Finding]:
    """Tell what nodes want people to look at; what ended nodes wanted is over."""
    for each in states.members:
        if each.alarm and each.status != "TERMINATED":
            fix = "see Alarms in docs/high-availability.md"
            yield Finding("alarm", "fail", f"{each.name}: {each.alarm}", fix)


def _versions(states: PlaneStates) -> Finding:
    living: Sequence[str] = [
        each.version for each in states.members if each.heartbeat_age_ms is not None
    ]
    versions = sorted(set(living))
    if len(versions) > 1:
        return Finding("nodes", "warn", f"of different versions: {', '.join(versions)}")
    return Finding("nodes", "pass", f"{len(states.members)} known, of one version")


def _skew_s(date: str, now_ms: int) -> float:
    """Return how far the server's clock is ahead, in seconds, to the second; 0 if it tells none."""
    try:
        told = email.utils.parsedate_to_datetime(date).timestamp()
    except (TypeError, ValueError):
        return 0.0
    return round(told - now_ms / 1000)
