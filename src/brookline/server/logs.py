"""The log: lines that name node, epoch and request, on the terminal and in the home."""

from __future__ import annotations

import json
import logging
import logging.handlers
import sys
import time
from typing import TYPE_CHECKING, Any

import msgspec

from brookline.server.catalogue import LogFormat
from brookline.values.trace import REQUEST

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

_FILE_BYTES, _FILES = 100 << 20, 10
"""As many, and as large, as AMP keeps."""

_QUIET = ("uvicorn", "asyncio", "aiohttp")
"""Libraries whose remarks are of interest to developers only."""

_PREFIX = "brookline."


class Origin:
    """Who writes the lines.

    Attributes:
        node: Its name.
        epoch: Returns the epoch that it knows of.
    """

    def __init__(self, node: str) -> None:
        self.node = node
        self.epoch: Callable[[], int] = lambda: 0


class _TextFormatter(logging.Formatter):
    """``2026-01-31 10:02:11.123 INFO  n1 e3 plane: promoted took_s=0.2``."""

    def __init__(self, origin: Origin) -> None:
        super().__init__()
        self._origin = origin

    def format(self, record: logging.LogRecord) -> str:
        moment = time.strftime("%Y-%m-%d %H:%M:%S", time.localtime(record.created))
        head = f"{moment}.{int(record.msecs):03d} {record.levelname:<7} {self._origin.node}"
        line = f"{head} e{self._origin.epoch()} {_room(record)}: {record.getMessage()}"
        line += "".join(f" {name}={_shown(value)}" for name, value in _fields(record).items())
        if record.exc_info:
            line += f"\n{self.formatException(record.exc_info)}"
        return _as_text(line)


class _JsonFormatter(logging.Formatter):
    """One JSON object a line."""

    def __init__(self, origin: Origin) -> None:
        super().__init__()
        self._origin = origin

    def format(self, record: logging.LogRecord) -> str:
        told: dict[str, Any] = {
            "time_ms": int(record.created * 1000),
            "level": record.levelname,
            "node": self._origin.node,
            "epoch": self._origin.epoch(),
            "room": _room(record),
            "event": record.getMessage(),
            **_fields(record),
        }
        if record.exc_info:
            told["error"] = self.formatException(record.exc_info)
        try:
            return msgspec.json.encode(told, enc_hook=str).decode()
        except UnicodeEncodeError:
            return json.dumps(told, default=str)  # spells out what is no text


def _as_text(line: str) -> str:
    """Spell out what is no text, such as bytes of a file's name."""
    return line.encode("utf-8", "backslashreplace").decode()


def start_logs(origin: Origin, *, level: str, form: LogFormat, file: Path) -> list[logging.Handler]:
    """Write all lines from now on to the terminal and to a file; return what writes them.

    Raises:
        OSError: If the file cannot be written.
    """
    kind = _JsonFormatter if form is LogFormat.JSON else _TextFormatter
    handlers: list[logging.Handler] = [
        logging.StreamHandler(sys.stderr),
        logging.handlers.RotatingFileHandler(
            file, maxBytes=_FILE_BYTES, backupCount=_FILES - 1, encoding="utf-8"
        ),
    ]
    root = logging.getLogger()
    for handler in handlers:
        handler.setFormatter(kind(origin))
        root.addHandler(handler)
    set_level(level)
    for name in _QUIET:
        logging.getLogger(name).setLevel(logging.WARNING)
    return handlers


def set_level(level: str) -> None:
    """Log what is at least of this level."""
    logging.getLogger().setLevel(level)


def end_logs(handlers: list[logging.Handler]) -> None:
    """Write out what waits, and nothing more."""
    for handler in handlers:
        logging.getLogger().removeHandler(handler)
        handler.close()


def _room(record: logging.LogRecord) -> str:
    return record.name.removeprefix(_PREFIX)


def _fields(record: logging.LogRecord) -> dict[str, Any]:
    fields: dict[str, Any] = dict(getattr(record, "fields", ()))
    request = REQUEST.get()
    return {**fields, "request": request} if request else fields


def _shown(value: Any) -> str:
    """Return a value that is one word to readers, and has no power over their terminal."""
    text = str(value)
    plain = text.isprintable() and not any(char in text for char in ' "=')
    return text if text and plain else repr(text)
