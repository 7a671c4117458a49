"""The commands of a software process, as data: what is run in which phase, where, with what.

Source: Brooklyn 1.1.0 as observed. The hooks run in the login folder without INSTALL_DIR and
RUN_DIR, those of the launch with PID_FILE; install.command has INSTALL_DIR and not RUN_DIR.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from brookline.locations.command import Command, words
from brookline.values.coercion import plain, text_of

if TYPE_CHECKING:
    from collections.abc import Mapping

PID_FILE = "pid.txt"
MARKER = "BROOKLYN"
"""File in an install folder that says that it is complete."""

_CHECK_TIMEOUT_S = 30.0

# A process that has ended stays visible until its parent has read its end; it counts as ended.
_ALIVE = """\
alive() {
  kill -0 "$1" 2>/dev/null || return 1
  if read -r stat </proc/"$1"/stat; then
    case "${stat##*) }" in Z*|X*) return 1 ;; esac
  fi 2>/dev/null
  return 0
}
"""

_CHECK = f"""\
{_ALIVE}
test -f "$PID_FILE" || {{ echo "there is no file $PID_FILE"; exit 1; }}
pid=$(cat "$PID_FILE")
test -n "$pid" || {{ echo "the file $PID_FILE is empty"; exit 1; }}
alive "$pid" || {{ echo "process $pid is not alive"; exit 1; }}
"""

# TERM once a second, up to 16 times, then KILL, as Brooklyn does; but looks ten times a second.
_STOP = f"""\
{_ALIVE}
test -f "$PID_FILE" || {{ echo "there is no file $PID_FILE: nothing to stop"; exit 0; }}
pid=$(cat "$PID_FILE")
test -n "$pid" || {{ echo "the file $PID_FILE is empty: nothing to stop"; exit 0; }}
n=0
while alive "$pid" && test "$n" -lt 160; do
  if test "$((n % 10))" -eq 0; then
    echo "sending TERM to process $pid"
    kill "$pid" 2>/dev/null || true
  fi
  sleep 0.1
  n=$((n + 1))
done
if alive "$pid"; then
  echo "sending KILL to process $pid"
  kill -9 "$pid" 2>/dev/null || true
  n=0
  while alive "$pid" && test "$n" -lt 50; do sleep 0.1; n=$((n + 1)); done
fi
alive "$pid" && {{ echo "process $pid cannot be stopped" >&2; exit 1; }}
rm -f "$PID_FILE"
"""

_DOWNLOAD = """\
if command -v curl >/dev/null; then curl -fsSL -o "$NAME" "$URL"
elif command -v wget >/dev/null; then wget -q -O "$NAME" "$URL"
else echo "neither curl nor wget is here to fetch $URL" >&2; exit 1
fi
"""

_UNPACK = """\
case "$NAME" in
  *.tar.gz|*.tgz|*.tar|*.tar.bz2|*.tbz|*.tar.xz) tar -xf "$INSTALL_DIR/$NAME" ;;
  *.zip) unzip -qo "$INSTALL_DIR/$NAME" ;;
  *) cp "$INSTALL_DIR/$NAME" . ;;
esac
"""


@dataclass(frozen=True, slots=True)
class Box:
    """Where a process lives on its machine.

    Attributes:
        install_dir: Absolute path; shared by all processes with the same installation.
        run_dir: Absolute path of its own folder.
        env: Value of ``shell.env``, as texts.
    """

    install_dir: str
    run_dir: str
    env: Mapping[str, str]

    @property
    def pid_file(self) -> str:
        """Path of the file with the process id."""
        return f"{self.run_dir}/{PID_FILE}"

    def hook(self, phase: str, name: str, script: str) -> Command:
        """Return a hook: before or after a phase, in the login folder."""
        pid_file = {"PID_FILE": self.pid_file} if phase == "launch" else {}
        return Command(name, script, {**self.env, **pid_file})

    def install(self, script: str) -> Command:
        """Return what installs the software."""
        env = {**self.env, "INSTALL_DIR": self.install_dir}
        return Command("install", script, env, cwd=self.install_dir)

    def download(self, url: str) -> Command:
        """Return what fetches an archive into the install folder."""
        command = self.install(_DOWNLOAD)
        env = {**command.env, "URL": url, "NAME": archive_name(url)}
        return Command("download", command.script, env, cwd=command.cwd)

    def unpack(self, url: str) -> Command:
        """Return what unpacks the archive into the run folder."""
        return self.inside("unpack", _UNPACK, NAME=archive_name(url))

    def inside(
        self,
        name: str,
        script: str,
        *,
        timeout_s: float | None = None,
        survives: bool = True,
        **env: str,
    ) -> Command:
        """Return a command in the run folder, with all variables."""
        full = {
            **self.env,
            **env,
            "INSTALL_DIR": self.install_dir,
            "RUN_DIR": self.run_dir,
            "PID_FILE": self.pid_file,
        }
        makes = (self.install_dir,) if self.install_dir else ()
        return Command(name, script, full, self.run_dir, timeout_s, survives, makes)

    def check(self, script: str | None) -> Command:
        """Return the question whether the process runs; by default its pid file answers."""
        script = _CHECK if script is None else script
        return self.inside("check-running", script, timeout_s=_CHECK_TIMEOUT_S, survives=False)

    def stop(self, script: str | None, timeout_s: float) -> Command:
        """Return what stops the process; by default signals to the pid in its file."""
        script = _STOP if script is None else script
        return self.inside("stop", script, timeout_s=timeout_s)

    def is_installed(self) -> Command:
        """Return the question whether the install folder is complete."""
        script = f"test -f {words(f'{self.install_dir}/{MARKER}')}"
        return Command("check-installed", script, timeout_s=_CHECK_TIMEOUT_S, survives=False)


def env_texts(env: Mapping[str, Any] | None) -> dict[str, str]:
    """Return variables as texts: lists and maps as JSON without blanks, null as empty."""
    return {str(name): _env_text(value) for name, value in (env or {}).items()}


def archive_name(url: str) -> str:
    """Return the file name in a URL."""
    path = url.partition("?")[0].rstrip("/")
    return path.rpartition("/")[2] or "download"


def _env_text(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, dict | list):
        return json.dumps(plain(value), separators=(",", ":"), ensure_ascii=False)
    return text_of(value)
