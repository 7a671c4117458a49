"""The folder of one detached command: its script, its output as it grows, and its exit code.

Nothing in here needs the server: the shell that runs the script writes the output and, after
the end, the exit code. So a server may die meanwhile, and another one can read how it went.
"""

from __future__ import annotations

import contextlib
import shutil
from typing import IO, TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

STDOUT = "stdout"
STDERR = "stderr"

_CHUNK_BYTES = 64 * 1024
_TAIL_BYTES = 64 * 1024

# $1 is a shell, $2 the folder. The exit code appears as a whole or not at all. A signal to the
# group is the script's business; the runner stays to write down how that ended.
RUNNER = """\
trap : TERM INT HUP
"$1" -e "$2/script"
code=$?
echo "$code" >"$2/exit.part" && mv "$2/exit.part" "$2/exit"
exit "$code"
"""


class RunFolder:
    """What is on disk of one command."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._read = {STDOUT: 0, STDERR: 0}

    def prepare(self, script: str) -> None:
        """Make the folder, readable by its owner only, with the script.

        Raises:
            OSError: If it cannot be made.
        """
        self.path.mkdir(mode=0o700, parents=True)
        (self.path / "script").write_text(script.rstrip("\n") + "\n", encoding="utf-8")

    def argv(self, shell: str) -> list[str]:
        """Return what runs the script."""
        return ["/bin/sh", "-c", RUNNER, "brookline", shell, str(self.path)]

    @contextlib.contextmanager
    def outputs(self) -> Iterator[tuple[IO[bytes], IO[bytes]]]:
        """Open both outputs for the command, to be written at their ends."""
        with (self.path / STDOUT).open("ab") as output, (self.path / STDERR).open("ab") as errors:
            yield output, errors

    def exit_code(self) -> int | None:
        """Return the exit code, or None if the script has not ended by itself."""
        try:
            return int((self.path / "exit").read_text(encoding="ascii"))
        except (FileNotFoundError, ValueError):
            return None

    def pump(self, write: Callable[[str, bytes], None]) -> None:
        """Pass on what was written since the last time, by stream."""
        for name, place in self._read.items():
            with (self.path / name).open("rb") as file:
                file.seek(place)
                while chunk := file.read(_CHUNK_BYTES):
                    write(name, chunk)
                    self._read[name] += len(chunk)

    def tail(self, name: str) -> str:
        """Return the end of an output as text."""
        with (self.path / name).open("rb") as file:
            return tail_of(file)

    def remove(self) -> None:
        """Delete it."""
        shutil.rmtree(self.path, ignore_errors=True)


def tail_of(file: IO[bytes]) -> str:
    """Return the end of an open file as text."""
    size = file.seek(0, 2)
    file.seek(max(0, size - _TAIL_BYTES))
    return file.read(_TAIL_BYTES).decode("utf-8", "replace")
