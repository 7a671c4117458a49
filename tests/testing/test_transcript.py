from __future__ import annotations

import asyncio
import logging

from brookline.testing.loop import SimLoop
from brookline.testing.transcript import Transcript, TranscriptHandler


def run():
    loop = SimLoop()
    transcript = Transcript(loop.true_time)
    host = loop.host("a")

    async def node():
        await asyncio.sleep(1.5)
        transcript.note("beats", counter=1)

    async def story():
        transcript.note("begins")
        await host.spawn(node())

    loop.run(story())
    return transcript


def test_a_transcript_says_when_who_and_what():
    assert str(run()) == "    0.000 *    begins\n    1.500 a    beats counter=1"


def test_equal_runs_have_equal_digests():
    assert run().digest() == run().digest()


def test_what_is_logged_is_part_of_it():
    transcript = Transcript(lambda: 2.0)
    log = logging.Logger("brookline.test")  # noqa: LOG001
    log.addHandler(TranscriptHandler(transcript))

    log.info("snapshot taken", extra={"fields": {"seq": 4}})
    log.debug("not this")

    assert str(transcript) == "    2.000 *    snapshot taken seq=4"
