"""HTTP load by `wrk`, and the page that is the unit."""

from __future__ import annotations

import contextlib
import http.client
import re
import shutil
import subprocess
import sys
from typing import TYPE_CHECKING

from bench.figures import CannotMeasure
from bench.nodes import Connection, free_ports, wait_until

if TYPE_CHECKING:
    from collections.abc import Iterator

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


def load(url: str, *more: str, connections: int) -> float:
    """Load a server for some seconds and return requests per second; none may have failed.

    Args:
        url: What to ask for.
        more: Further options of `wrk`.
        connections: On which requests follow one another.
    """
    command = ["wrk", "-t1", f"-c{connections}", f"-d{SECONDS}s", *more, url]
    said = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    if "Non-2xx" in said or "Socket errors" in said:
        raise RuntimeError(f"{url}: {said}")
    found = re.search(r"Requests/sec:\s*([\d.]+)", said)
    assert found is not None, said
    return float(found[1])


def require_tools() -> None:
    """Make sure that `wrk` is here."""
    if shutil.which("wrk") is None:
        raise CannotMeasure("wrk is missing; it is a package of Debian: apt-get install wrk")


@contextlib.contextmanager
def empty_page() -> Iterator[str]:
    """Serve the page that is the unit, and give its address."""
    port = free_ports(1)[0]
    process = subprocess.Popen([sys.executable, "-c", PAGE, str(port)])
    try:
        wait_until(lambda: _answers(port))
        yield f"http://127.0.0.1:{port}/"
    finally:
        process.terminate()
        process.wait(30)


def _answers(port: int) -> bool:
    with contextlib.closing(Connection(port, "")) as connection:
        try:
            return connection.ask("GET", "/").status == 200
        except (OSError, http.client.HTTPException):
            return False
