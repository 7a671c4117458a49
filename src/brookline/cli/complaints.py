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
        case Unavailable(outcome=Outcome.UNKNOWN):
            return (
                "look whether it was done (brookline apps, brookline activity) before you repeat it"
            )
        case Unavailable(code="home-in-use"):  # its message says where to go
            return ""
        case Unavailable() if "status" in error.data:
            return "brookline ha status shows who leads; the request was not done, so repeat it"
        case Unavailable():
            return "start a server with brookline server, or say where one is with --url or BROOKLINE_URL"
        case NotLoggedIn():
            return (
                "give --user and --password (BROOKLINE_USER, BROOKLINE_PASSWORD), or --home DIR of a"
                " node whose admin-password you may read"
            )
        case NotAllowed():
            return "log in as somebody who may, or ask a node that leads"
        case NotFound() if "there are: " not in error.message and "its nodes" not in error.message:
            return "brookline tree lists what there is"
        case _:
            return ""
