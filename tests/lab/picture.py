"""A picture of a run: a row for each node and each client, time from left to right, and the verdict."""

from __future__ import annotations

from typing import TYPE_CHECKING
from xml.sax.saxutils import escape, quoteattr

from tests.lab.history import DONE, NOT_DONE, READ

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.lab.checker.verdict import Verdict
    from tests.lab.history import Fault, History

WIDTH, LEFT, ROW, TOP = 1500, 90, 46, 70

STATES = {
    "MASTER": "#2e9e5b", "HOT_STANDBY": "#b9d7f0", "STANDBY": "#d5e6f5", "HOT_BACKUP": "#d5e6f5",
    "INITIALIZING": "#f3e6b3", "FAILED": "#e7b0ac", "silent": "#eeeeee",
}  # fmt: skip
OUTCOMES = {DONE: "#2e9e5b", NOT_DONE: "#d8a200", "unknown": "#8e44ad"}
_STYLE = "text{font:11px sans-serif;fill:#222}.small{font-size:9px}.title{font-size:14px}"


def draw(history: History, verdict: Verdict) -> str:
    """Return the picture as SVG."""
    return _Picture(history, verdict).text()


class _Picture:
    def __init__(self, history: History, verdict: Verdict) -> None:
        self.history, self.verdict = history, verdict
        self.rows = {name: number for number, name in enumerate((*history.nodes, *history.clients))}
        ends = [op.end for op in history.ops] + [fault.end for fault in history.faults]
        begins = [op.begin for op in history.ops] + [sight.at for sight in history.sights]
        self.begin = min(begins, default=0.0)
        self.end = max(ends, default=self.begin + 1.0) + 0.5

    def text(self) -> str:
        listed = self.verdict.violations[:30]
        height = self._y(len(self.rows)) + 60 + 14 * len(listed)
        parts = [
            f'<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH}" height="{height}">',
            f"<style>{_STYLE}</style>",
            f'<rect width="{WIDTH}" height="{height}" fill="white"/>',
            _text(10, 22, self.verdict.summary, "title"),
            *self._legend(), *self._axis(), *self._states(), *self._faults(), *self._epochs(),
            *self._ops(), *self._wrong(),
            *(
                _text(10, self._y(len(self.rows)) + 50 + 14 * number, str(one))
                for number, one in enumerate(listed)
            ),
            "</svg>",
        ]  # fmt: skip
        return "\n".join(parts)

    def _x(self, at: float) -> float:
        return round(LEFT + (WIDTH - LEFT - 10) * (at - self.begin) / (self.end - self.begin), 1)

    def _y(self, row: int) -> int:
        return TOP + ROW * row

    def _legend(self) -> Iterator[str]:
        x = 10
        for name, color in (*STATES.items(), *OUTCOMES.items()):
            yield f'<rect x="{x}" y="36" width="10" height="10" fill="{color}"/>'
            yield _text(x + 13, 45, name, "small")
            x += 35 + 6 * len(name)

    def _axis(self) -> Iterator[str]:
        for name, row in self.rows.items():
            yield _text(10, self._y(row) + 20, name)
        bottom = self._y(len(self.rows))
        step = max(1, round((self.end - self.begin) / 100) * 5)
        for second in range(-(-int(self.begin) // step) * step, int(self.end) + 1, step):
            x = self._x(second)
            yield f'<path d="M{x} {TOP - 8}V{bottom}" stroke="#ddd"/>'
            yield _text(x - 6, bottom + 14, f"{second} s", "small")

    def _states(self) -> Iterator[str]:
        for node in self.history.nodes:
            sights = [sight for sight in self.history.sights if sight.node == node]
            ends = [sight.at for sight in sights[1:]] + [self.end]
            for sight, end in zip(sights, ends, strict=True):
                color = STATES.get(sight.state, "#ffffff")
                yield self._bar(node, sight.at, end, 14, color, sight.state)

    def _faults(self) -> Iterator[str]:
        depths: dict[str, list[Fault]] = {}
        for fault in self.history.faults:
            for name in (one for one in fault.where if one in self.history.nodes):
                before = depths.setdefault(name, [])
                depth = sum(one.end > fault.begin for one in before) % 3
                before.append(fault)
                y = self._y(self.rows[name]) + 17 + 8 * depth
                x, width = self._x(fault.begin), max(self._x(fault.end) - self._x(fault.begin), 2)
                told = f"{fault.what} {fault.detail} of {', '.join(fault.where)}"
                yield (
                    f'<rect x="{x}" y="{y}" width="{width}" height="7" fill="#c0392b"'
                    f' fill-opacity="0.35"><title>{escape(told)}</title></rect>'
                )
                yield _text(x, y + 7, fault.what, "small")
            if fault.where == ("store",):
                x, width = self._x(fault.begin), self._x(fault.end) - self._x(fault.begin)
                bottom = self._y(len(self.history.nodes)) - TOP
                yield (
                    f'<rect x="{x}" y="{TOP}" width="{width}" height="{bottom}" fill="#c0392b"'
                    f' fill-opacity="0.12"><title>{escape(fault.what)}</title></rect>'
                )
                yield _text(x, TOP - 2, fault.what, "small")

    def _epochs(self) -> Iterator[str]:
        """Draw a line where an answer named an epoch for the first time."""
        tries = [one for op in self.history.ops for one in op.tries if one.epoch]
        seen = 0
        for one in sorted(tries, key=lambda one: one.end):
            if one.epoch > seen:
                seen = one.epoch
                x = self._x(one.end)
                bottom = self._y(len(self.rows))
                yield f'<path d="M{x} {TOP}V{bottom}" stroke="#2e9e5b" stroke-dasharray="3 3"/>'
                yield _text(x + 2, bottom + 26, f"epoch {seen}", "small")

    def _ops(self) -> Iterator[str]:
        for op in self.history.ops:
            color = OUTCOMES[op.outcome]
            told = f"{op.kind} {op.item} at {op.where}: {op.outcome}; " + "; ".join(
                f"{one.node} {one.status or ''} {one.why}" for one in op.tries
            )
            yield self._bar(op.client, op.begin, op.end, 8 if op.kind == READ else 14, color, told)

    def _wrong(self) -> Iterator[str]:
        for one in self.verdict.violations:
            if one.where in self.rows and one.at >= 0:
                x, y = self._x(one.at), self._y(self.rows[one.where])
                yield (
                    f'<circle cx="{x}" cy="{y + 7}" r="6" fill="none" stroke="red" stroke-width="2">'
                    f"<title>{escape(str(one))}</title></circle>"
                )

    def _bar(self, name: str, begin: float, end: float, height: int, color: str, told: str) -> str:
        x, y = self._x(begin), self._y(self.rows[name])
        width = max(round(self._x(end) - x, 1), 1)
        return (
            f'<rect x="{x}" y="{y}" width="{width}" height="{height}" fill={quoteattr(color)}>'
            f"<title>{escape(told)}</title></rect>"
        )


def _text(x: float, y: float, words: str, kind: str = "") -> str:
    attribute = f' class="{kind}"' if kind else ""
    return f'<text x="{x}" y="{y}"{attribute}>{escape(words)}</text>'
