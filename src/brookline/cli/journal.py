"""brookline journal: the plane's log for people, and whether it is what was written."""

from __future__ import annotations

import collections
import dataclasses
import sys
from typing import TYPE_CHECKING, Any

import click

from brookline.cli.exits import Exit
from brookline.cli.output import is_terminal
from brookline.cli.stores import (
    STORE_OPTION,
    either,
    find_store,
    offline,
    opened_plane,
    run,
    stream,
)
from brookline.cli.times import moment_of, stamp
from brookline.errors import Damaged, InvalidInput
from brookline.stores.urls import shown
from brookline.values.clock import SystemClock

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterable, Iterator

    from brookline.cli.output import Output
    from brookline.cli.tool import Tool
    from brookline.journal.scan import Source
    from brookline.wire.rest_journal import JournalLine

_MOST_CHANGES = 6
_NUMBER = click.IntRange(min=1)


@click.group()
def journal() -> None:
    """Show the plane's log, or verify it, as it lies in the store; servers may run or not."""


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """Which entries are shown.

    Attributes:
        first: Number of the first.
        last: Number of the last, or None.
        since_ms: Only those written at this moment or later.
        until_ms: Only those written at this moment or before, or None.
        kinds: Only these kinds of entries or of records; empty for all.
        user: Only what this user asked for.
        record: Only what changed this record: ``kind/id``, its id, or its name.
    """

    first: int = 1
    last: int | None = None
    since_ms: int = 0
    until_ms: int | None = None
    kinds: tuple[str, ...] = ()
    user: str = ""
    record: str = ""


@journal.command()
@STORE_OPTION
@click.option("--from", "first", type=_NUMBER, metavar="SEQ", help="Begin with this entry.")
@click.option("--to", "last", type=_NUMBER, metavar="SEQ", help="End with this entry.")
@click.option(
    "--since", default="", metavar="TIME", help="Begin at this moment, or so long ago: 22:10, 2h."
)
@click.option("--until", default="", metavar="TIME", help="End at this moment, or so long ago.")
@click.option(
    "--kind",
    "kinds",
    multiple=True,
    help="Only entries of this kind (fence, active, batch, resign …) or about records of it (entity, task …).",
)
@click.option(
    "--by",
    "who",
    default="",
    metavar="USER",
    help="Only what this user asked for; --user, too, unless --url is given.",
)
@click.option(
    "--record", default="", help="Only what changed this record: its kind/id, id or name."
)
@click.option("--limit", "-n", type=_NUMBER, metavar="N", help="Only the last so many of these.")
@either
def show(
    out: Output,
    *,
    tool: Tool | None,
    home: str,
    store: str,
    first: int | None,
    last: int | None,
    since: str,
    until: str,
    kinds: tuple[str, ...],
    who: str,
    record: str,
    limit: int | None,
) -> None:
    """Show the log: when, under which mastership, by which node, for whom, and what changed.

    Oldest first; what one request changed is a line. Values are not shown, only what was changed.
    With -o json, an object a line. On a terminal it goes through a pager. With --url a server is asked,
    which need not be on this machine, and names are those of now. Where an entry is damaged, or is missing and
    was not collected, it ends there and says so.
    """
    now = SystemClock().wall_ms()
    choice = Choice(
        first=first or 1,
        last=last,
        since_ms=moment_of(since, now) if since else 0,
        until_ms=moment_of(until, now) if until else None,
        kinds=kinds,
        user=who,
        record=record,
    )
    _check(choice)
    if tool is not None:
        found = _asked(tool, choice)
    else:
        found = stream(_told(find_store(store, home), choice))
    _print(out, collections.deque(found, limit) if limit else found)


@journal.command()
@STORE_OPTION
@offline
def verify(out: Output, *, home: str, store: str) -> None:
    """Check every entry, snapshot and blob that is retained, and that they fit together.

    Ends with 3 if something is not as it was written, and names it and what to do. It may run
    while servers do.
    """
    from brookline.cli.journal_verdict import verdict_lines, verified

    url = find_store(store, home)
    verdict = run(verified(url, out.tell))
    where = shown(url)
    out.emit({"store": where, **dataclasses.asdict(verdict)}, lambda: verdict_lines(where, verdict))
    if verdict.faults:
        raise click.exceptions.Exit(Exit.INTERNAL)


async def _told(url: str, choice: Choice) -> AsyncIterator[JournalLine]:
    from brookline.journal import points, scan
    from brookline.journal.keys import entry_seq
    from brookline.management.telling import Teller

    teller = Teller()
    async with opened_plane(url) as store:
        kept = await scan.retained(store)
        begin = await _learn(store, kept, choice, teller)
        end = kept.last_seq if choice.last is None else min(choice.last, kept.last_seq)
        keys = [key for key in kept.entries if begin <= entry_seq(key) <= end]
        gone, next_one = await points.collected(store, kept, SystemClock()), choice.first
        async for key, data in scan.fetched(store, keys):
            seq = entry_seq(key)
            await _require_unbroken(store, next_one, seq - 1, gone)
            next_one = max(next_one, seq + 1)
            if data is None:
                continue
            entry = await scan.opened(store, key, data)
            for one in teller.tell(entry):
                chosen = chosen_of(one, choice)
                if chosen is not None:
                    yield chosen
        await _require_unbroken(store, next_one, end, gone)


async def _require_unbroken(store: Source, first: int, last: int, collected: int) -> None:
    from brookline.journal import scan

    try:
        await scan.require_unbroken(store, (), first, last, collected=collected)
    except Damaged as error:
        raise Damaged(
            f"{error.message}: see brookline journal verify; --from {last + 1} shows what follows"
        ) from error


def _asked(tool: Tool, choice: Choice) -> Iterator[JournalLine]:
    """Yield the same as a server tells it, a page at a time."""
    import msgspec

    from brookline.client import calls
    from brookline.wire.rest_journal import JournalPage

    begin: int | None = choice.first
    while begin is not None:
        page = msgspec.convert(tool.do(calls.journal(first=begin, last=choice.last)), JournalPage)
        for one in page.lines:
            chosen = chosen_of(one, choice)
            if chosen is not None:
                yield chosen
        begin = page.next


def _check(choice: Choice) -> None:
    """Refuse what nothing can fit.

    Raises:
        InvalidInput: If it is such.
    """
    if choice.last is not None and choice.last < choice.first:
        raise InvalidInput(f"--to {choice.last} comes before --from {choice.first}")
    if choice.until_ms is not None and choice.until_ms < choice.since_ms:
        until, since = stamp(choice.until_ms), stamp(choice.since_ms)
        raise InvalidInput(f"--until {until} comes before --since {since}")
    if choice.kinds:
        from brookline.management.kinds import OF_ENTRIES, OF_RECORDS

        for kind in choice.kinds:
            if kind not in (*OF_ENTRIES, *OF_RECORDS):
                raise InvalidInput(
                    f"--kind {kind} is none: of entries there are {', '.join(OF_ENTRIES)}; of"
                    f" records {', '.join(OF_RECORDS)}"
                )


async def _learn(store: Any, kept: Any, choice: Choice, teller: Any) -> int:
    """Learn the names as of the first entry; return from where on to read."""
    from brookline.journal import snapshot
    from brookline.journal.keys import snapshot_seq

    earlier = [key for key in kept.snapshots if snapshot_seq(key) < choice.first]
    for key in (*reversed(earlier), *kept.snapshots[:1]):
        loaded = await snapshot.read(store, key, SystemClock())
        if loaded is not None:
            teller.learn(loaded.records)
            return min(choice.first, loaded.seq + 1)
    return 1


def chosen_of(told: JournalLine, choice: Choice) -> JournalLine | None:
    """Return what of an entry is to be shown, or None."""
    import msgspec

    if told.sequence < choice.first or told.time_utc < choice.since_ms:
        return None
    if choice.until_ms is not None and told.time_utc > choice.until_ms:
        return None
    if choice.user and told.user != choice.user:
        return None
    changes = told.changes
    if choice.record:
        changes = [
            one for one in changes if choice.record in (f"{one.kind}/{one.id}", one.id, one.name)
        ]
    if choice.kinds and told.kind not in choice.kinds:
        changes = [one for one in changes if one.kind in choice.kinds]
    asked = choice.record or (choice.kinds and told.kind not in choice.kinds)
    if not asked:
        return told
    if not changes:
        return None
    text = "; ".join(one.text for one in changes)
    return msgspec.structs.replace(told, changes=changes, text=text)


def _print(out: Output, found: Iterable[JournalLine]) -> None:
    if out.form != "table":
        import msgspec

        for one in found:
            out.append(msgspec.to_builtins(one))
        return
    lines = _lines(found)
    if not is_terminal(sys.stdout):
        for line in lines:
            out.show(line)
        return
    import os

    from brookline.cli.blocks import visible

    os.environ.setdefault("LESS", "FRSX")
    click.echo_via_pager(f"{visible(line)}\n" for line in lines)


def _lines(found: Iterable[JournalLine]) -> Iterator[str]:
    yield f"{'SEQ':>8}  {'TIME':19}  {'EPOCH':>5}  {'NODE':12}  {'USER':12}  WHAT"
    for one in found:
        where = f"{one.sequence:>8}  {stamp(one.time_utc)}  {one.epoch:>5}  {one.node:12}"
        yield f"{where}  {one.user or '-':12}  {_what(one)}".replace("\n", " ")


def _what(told: JournalLine) -> str:
    text = told.text
    if len(told.changes) > _MOST_CHANGES:
        some = "; ".join(one.text for one in told.changes[:_MOST_CHANGES])
        text = f"{some}; and {len(told.changes) - _MOST_CHANGES} more"
    return text if told.kind == "batch" else f"[{told.kind}] {text}".rstrip()
