from __future__ import annotations

import asyncio

from brookline.stores.store import CREATED

BEAT = "node/abcdefghij"


async def test_a_key_that_was_never_written_is_absent(store):
    assert await store.get(BEAT) is None
    assert await store.get("journal/0000000/0000000001") is None
    assert await store.get("journal") is None


async def test_the_last_put_stays(store, other):
    for number in range(5):
        await store.put(BEAT, f"beat {number}".encode())
        assert await other.get(BEAT) == f"beat {number}".encode()
    assert await store.list("node/") == [BEAT]


async def test_a_shorter_put_leaves_nothing_of_a_longer_one(store):
    await store.put(BEAT, b"x" * 100_000)
    await store.put(BEAT, b"short")
    assert await store.get(BEAT) == b"short"


async def test_a_reader_sees_one_put_or_the_other_and_no_mixture(store, other):
    beats = {bytes([n]) * 50_000 for n in range(30)}

    async def write() -> None:
        for beat in sorted(beats):
            await store.put(BEAT, beat)

    await store.put(BEAT, min(beats))
    writer = asyncio.ensure_future(write())
    looks = 0
    while not writer.done() or looks < 30:
        assert await other.get(BEAT) in beats
        looks += 1
    await writer
    assert await other.get(BEAT) == max(beats)


async def test_a_put_whose_caller_gave_up_is_whole_or_absent_and_a_later_one_replaces_it(store):
    first, second = b"1" * 200_000, b"2" * 200_000
    await store.put(BEAT, first)
    for number in range(12):
        late = asyncio.ensure_future(store.put(BEAT, second))
        for _ in range(number % 4):
            await asyncio.sleep(0)
        late.cancel()
        await asyncio.wait([late])
        assert await store.get(BEAT) in (first, second)
    # What was sent may land at any time; once it has, the last one sent is what stays.
    async with asyncio.timeout(10):
        await store.put(BEAT, b"last")
        while await store.get(BEAT) != b"last":
            await store.put(BEAT, b"last")


async def test_deleting_what_is_absent_is_no_error(store):
    await store.delete(BEAT)
    await store.delete("mail/nobody/nothing-000001")


async def test_what_was_deleted_is_absent_and_not_listed(store, other):
    await store.create("mail/a/b-000001", b"letter")
    await store.create("mail/a/b-000002", b"letter")
    await other.delete("mail/a/b-000001")
    assert await store.get("mail/a/b-000001") is None
    assert await store.list("mail/a/") == ["mail/a/b-000002"]
    await other.delete("mail/a/b-000002")
    assert await store.list("mail/") == []


async def test_letters_come_and_go_while_others_write_beside_them(store, other):
    async def correspond(connection, name: str) -> list[object]:
        outcomes = []
        for number in range(25):
            key = f"mail/a/{name}-{number:06d}"
            outcomes.append(await connection.create(key, b"letter"))
            await connection.delete(key)
        return outcomes

    answers = await asyncio.gather(correspond(store, "b"), correspond(other, "c"))
    assert answers == [[CREATED] * 25] * 2
    assert await store.list("mail/") == []
