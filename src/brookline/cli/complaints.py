"""What a user reads when a command fails: what happened, why, and what to do next."""

from __future__ import annotations

from typing import TYPE_CHECKING

from brookline.errors import (
    NotAllowed,
    NotFound,
    NotLoggedIn,
    Outcome,
    Unavailable,
)

if TYPE_CHECKING:
    from brookline.errors import BrooklineError

_LISTINGS = (
    ("/v1/interrupted", "brookline interrupted lists what waits for a decision"),
    ("/stream/", "brookline activity TASK names its streams"),
    ("/v1/activities", "brookline activity lists the tasks, with --all their parts too"),
    ("/effectors/", "brookline effectors APP ENTITY lists what can be called"),
    ("/v1/applications", "brookline tree lists what there is"),
)
"""By a part of the path that was asked for: which command shows what is there."""

_OF_CAUSES = {
    "absent": "start a server with brookline server, or say where one is with --url or BROOKLINE_URL",
    "untrusted": "give --cacert FILE with its certificate, or --insecure",
    "not-tls": "give its address with http:// in place of https://",
    "hung-up": "look whether its process has ended, or give its address with https:// if it uses TLS",
    "silent": "look whether its process is stopped or overloaded, or name another node with --url",
}
"""By why no node answered: what helps."""


def complaint(error: BrooklineError) -> str:
    """Return the text for an error, with the next step where there is one."""
    faults = error.data.get("faults")
    if faults and error.details:
        many = "1 fault" if len(faults) == 1 else f"{len(faults)} faults"
        return f"{error.details}\n{many}; nothing was deployed."
    lines = [f"Error: {error.message}"]
    lines += [f"  {line}" for line in error.details.splitlines() if line.strip()]
    step = next_step(error)
    if step:
        lines.append(f"Next: {step}")
    return "\n".join(lines)


def next_step(error: BrooklineError) -> str:
    """Return what the user can do about an error, or nothing if the message says it."""
    match error:
        case Unavailable():
            return _next_of_unavailable(error)
        case NotLoggedIn():
            return (
                "give --user and --password (BROOKLINE_USER, BROOKLINE_PASSWORD), or --home DIR of a"
                " node whose admin-password you may read"
            )
        case NotAllowed():
            return "log in as somebody who may, or ask a node that leads"
        case NotFound():
            path = str(error.data.get("path", ""))
            return next((step for part, step in _LISTINGS if part in path), "")
        case _:
            return ""


def _next_of_unavailable(error: Unavailable) -> str:
    if error.outcome is Outcome.UNKNOWN:
        return "look whether it was done (brookline apps, brookline activity) before you repeat it"
    if error.code == "home-in-use":
        return ""  # its message says where to go
    if "status" in error.data:
        return "brookline ha status shows who leads; the request was not done, so repeat it"
    return _OF_CAUSES[error.data.get("cause", "absent")]
