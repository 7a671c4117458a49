"""A link to a machine that can really be cut: each connection is a process that passes on what is said.

It does what the first word of a file says, at any moment:

  up        all passes
  down      nobody can connect, and what is connected breaks
  breaking  what is asked comes there, and then the connection breaks
  half      half of what is asked comes there, and then the connection breaks
  deaf      what is asked comes there, and nothing comes back, nor does the connection break
  silent    nothing passes, and the connection does not break
"""

from __future__ import annotations

import contextlib
import os
import select
import subprocess
import sys
from pathlib import Path

_BROKEN = 255
_LOOK_S = 0.01
_CHUNK = 65536


class Link:
    """Implements `brookline.locations.shells.Shell`, by way of another one.

    Args:
        local: Runs programs on this host, which stands for the machine.
        file: Says how the link is.
    """

    name = "far"

    def __init__(self, local, file):
        self.local = local
        self.file = file
        self.opened = 0
        self.set("up")

    def set(self, how):
        """Have the link be so from now on."""
        new = self.file.with_suffix(".new")
        new.write_text(how)
        new.rename(self.file)

    def open(self, *argv, stdin=b"", attached=True):
        from brookline.errors import Unreachable

        if self.file.read_text() == "down":
            raise Unreachable(self.name, "connection refused", sent=False)
        self.opened += 1
        link = (sys.executable, "-SE", __file__, str(self.file))
        return self.local.open(*link, *argv, stdin=stdin, attached=attached)


def main(file: Path, argv: list[str]) -> int:
    """Pass on what is asked and what is answered, as long as the link is up."""
    how = file.read_text()
    if how == "silent":
        _until_up_again(file)
    given = sys.stdin.buffer.read()
    if how == "half":
        given = given[: len(given) // 2]
    # A session of its own: what came there does not end with the link.
    with subprocess.Popen(
        argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE, start_new_session=True
    ) as program:
        with contextlib.suppress(BrokenPipeError):  # it has not read it all
            program.stdin.write(given)
            program.stdin.close()
        if how in ("breaking", "half"):
            os._exit(_BROKEN)
        _pass_on(program.stdout, file)
    return program.returncode


def _pass_on(said, file: Path) -> None:
    while True:
        if file.read_text() in ("down", "breaking"):
            os._exit(_BROKEN)
        readable, _, _ = select.select([said], [], [], _LOOK_S)
        if file.read_text() in ("silent", "deaf"):
            _until_up_again(file)
        if readable:
            content = os.read(said.fileno(), _CHUNK)
            if not content:
                return
            os.write(1, content)


def _until_up_again(file: Path) -> None:
    """Say nothing; then break, for what was said meanwhile is lost."""
    while file.read_text() != "up":
        select.select([], [], [], _LOOK_S)
    os._exit(_BROKEN)


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]), sys.argv[2:]))
