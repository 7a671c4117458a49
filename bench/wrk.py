"""HTTP load by `wrk`, and the page that is the unit. The server has one core for itself, `wrk` the other."""

from __future__ import annotations

import contextlib
import dataclasses
import http.client
import os
import re
import shutil
import subprocess
import sys
from typing import TYPE_CHECKING

from bench.figures import CannotMeasure
from bench.nodes import Connection, cpu_s, free_ports, wait_until

if TYPE_CHECKING:
    from collections.abc import Iterator

SERVER_CORE, CLIENT_CORE = 0, 1
SECONDS = 3

PAGE = """
import sys, uvicorn
from starlette.applications import Starlette
from starlette.responses import PlainTextResponse
from starlette.routing import Route

async def page(request):
    return PlainTextResponse("")

app = Starlette(routes=[Route("/", page)])
uvicorn.run(app, host="127.0.0.1", port=int(sys.argv[1]), log_level="warning", access_log=False,
            http="httptools", loop="asyncio")
"""
POST = 'wrk.method="POST"; wrk.body="\\"value\\""; wrk.headers["Content-Type"]="application/json"'
"""A script for `wrk`: POST instead of GET."""


@dataclasses.dataclass(frozen=True, slots=True)
class Rate:
    """What a run brought.

    Attributes:
        per_s: Requests per second.
        cpu_us: Processor time of the server for one, in microseconds.
    """

    per_s: float
    cpu_us: float


def load(pid: int, url: str, *more: str, connections: int) -> Rate:
    """Load a server for some seconds; a run with errors counts for nothing.

    Args:
        pid: Of the server.
        url: What to ask for.
        more: Further options of `wrk`.
        connections: On which requests follow one another.
    """
    command = ["taskset", "-c", str(CLIENT_CORE), "wrk", "-t1"]
    command += [f"-c{connections}", f"-d{SECONDS}s", *more, url]
    before = cpu_s(pid)
    said = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    spent = cpu_s(pid) - before
    if "Non-2xx" in said or "Socket errors" in said:
        raise RuntimeError(f"{url}: {said}")
    count = re.search(r"(\d+) requests in", said)
    per_s = re.search(r"Requests/sec:\s*([\d.]+)", said)
    assert count is not None, said
    assert per_s is not None, said
    return Rate(float(per_s[1]), spent / int(count[1]) * 1e6)


def require_tools() -> None:
    """Make sure that `wrk` is here, and a second core for it."""
    if shutil.which("wrk") is None:
        raise CannotMeasure("wrk is missing; it is a package of Debian: apt-get install wrk")
    if not {SERVER_CORE, CLIENT_CORE} <= os.sched_getaffinity(0):
        raise CannotMeasure("it takes two cores: one for the server, one for wrk")


@contextlib.contextmanager
def empty_page() -> Iterator[tuple[int, str]]:
    """Serve the page that is the unit; give the server's process id and the page's address."""
    port = free_ports(1)[0]
    process = subprocess.Popen([sys.executable, "-c", PAGE, str(port)])
    pin(process.pid)
    try:
        wait_until(lambda: _answers(port))
        yield process.pid, f"http://127.0.0.1:{port}/"
    finally:
        process.terminate()
        process.wait(30)


def pin(pid: int) -> None:
    """Keep a process that has just begun on the server's core, with all threads that it will make."""
    os.sched_setaffinity(pid, {SERVER_CORE})


def _answers(port: int) -> bool:
    with contextlib.closing(Connection(port, "")) as connection:
        try:
            return connection.ask("GET", "/").status == 200
        except (OSError, http.client.HTTPException):
            return False
