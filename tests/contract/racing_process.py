"""A process that races others for keys of one store: URL, own number, how many rounds."""

from __future__ import annotations

import asyncio
import sys

from brookline.stores.registry import open_store
from brookline.stores.store import Created
from brookline.values.clock import SystemClock


async def race(url: str, racer: str, rounds: int) -> list[int]:
    store = await open_store(url, SystemClock())
    await store.put(f"node/{racer}", b"ready")
    while await store.get("probe/go") is None:  # noqa: ASYNC110  # another process writes it
        await asyncio.sleep(0.001)
    won = []
    for number in range(rounds):
        key = f"journal/{number // 10:07d}/{number:010d}"
        if isinstance(await store.create(key, f"{number} {racer} ".encode() * 500), Created):
            won.append(number)
    await store.close()
    return won


if __name__ == "__main__":
    print(*asyncio.run(race(sys.argv[1], sys.argv[2], int(sys.argv[3]))))
