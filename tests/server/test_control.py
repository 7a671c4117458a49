from __future__ import annotations

import logging
from types import SimpleNamespace

from brookline.server.control import Control
from brookline.server.settings import load_settings
from brookline.server.stopping import Stopping


async def test_each_reload_tells_what_the_start_did_not_have(tmp_path, caplog):
    home = tmp_path / "n1"
    (home / "etc").mkdir(parents=True)
    properties = home / "etc" / "brooklyn.cfg"

    def load():
        return load_settings({"home": str(home)}, {}, user_home=tmp_path)

    control = Control(
        SimpleNamespace(),
        SimpleNamespace(),
        SimpleNamespace(configure=lambda _: None),
        settings=load(),
        load=load,
        started_ms=0,
        stopping=Stopping(),
        store_url="memory:",
        probe=tmp_path / "probe.json",
    )
    caplog.set_level(logging.INFO)
    properties.write_text("brooklyn.ha.pollPeriod=2s\n")
    for _ in range(2):
        await control.reload()
        assert control.setting("brooklyn.ha.pollPeriod") == "2s"
    properties.write_text("")
    await control.reload()

    told = [record.fields["at_next_start"] for record in caplog.records]
    assert told == [["ha-poll"], ["ha-poll"], []]
