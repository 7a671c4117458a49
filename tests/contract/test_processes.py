"""Stores that processes can share, raced for by real ones: a new back end adds its URL."""

from __future__ import annotations

import asyncio
import itertools
import subprocess
import sys
from pathlib import Path

import pytest
from tests.contract.conftest import SHARED, in_groups, ways

from brookline.stores.registry import open_store
from brookline.values.clock import SystemClock

RACERS, ROUNDS = 5, 60


@pytest.fixture(params=["directory", *in_groups(SHARED)])
def urls(request, tmp_path):
    """The ways to one store, without end: racers go them in turn."""
    if request.param in SHARED:
        return itertools.cycle(ways(request, request.param))
    return itertools.repeat(f"{request.param}:{tmp_path / 'shared'}")


@pytest.mark.slow
async def test_of_several_processes_one_wins_each_key_and_its_bytes_stay(urls):
    store = await open_store(next(urls), SystemClock())
    program = Path(__file__).parent / "racing_process.py"
    arguments = [[str(program), next(urls), str(number), str(ROUNDS)] for number in range(RACERS)]
    racers = [
        await asyncio.create_subprocess_exec(sys.executable, *each, stdout=subprocess.PIPE)
        for each in arguments
    ]
    try:
        while len(await store.list("node/")) < RACERS:
            assert all(racer.returncode is None for racer in racers)
            await asyncio.sleep(0.005)
        await store.create("probe/go", b"")
        answers = await asyncio.gather(*(racer.communicate() for racer in racers))
    finally:
        for racer in racers:
            if racer.returncode is None:
                racer.kill()
                await racer.wait()
    winners = {}
    for number, (told, _) in enumerate(answers):
        for won in map(int, told.split()):
            assert won not in winners, f"{winners[won]} and {number} both won {won}"
            winners[won] = number
    assert sorted(winners) == list(range(ROUNDS))
    for won, number in winners.items():
        held = await store.get(f"journal/{won // 10:07d}/{won:010d}")
        assert held == f"{won} {number} ".encode() * 500
    await store.close()
