import asyncio
import urllib.request
from pathlib import Path

from brookline.operations.task import Status

EXAMPLE = Path(__file__).parents[2] / "examples" / "web.yaml"


def page(uri):
    with urllib.request.urlopen(uri, timeout=5) as answer:
        return answer.read().decode()


async def test_the_example_serves_a_page_that_says_who_serves_it(house, pids, alive):
    text = EXAMPLE.read_text().replace("location: localhost", "location: LOCALHOST")
    app = await house.deploy(text)
    task = house.start_task(app)
    assert task.status is Status.COMPLETED, task.error
    web = house.named("web")
    pids.append(int(Path(web.sensors["softwareprocess.pid.file"]).read_text()))
    body = await asyncio.to_thread(page, web.sensors["main.uri"])
    assert "<h1>Hello from a process that outlives its master</h1>" in body
    assert f"Entity {web.id}, process {pids[0]} on" in body
    assert f"port {web.sensors['http.port']}" in body
    await house.completed(web, "stop")
    assert not alive(pids[0])
