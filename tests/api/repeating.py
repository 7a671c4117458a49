"""Writes that are sent again: what tests of them send, and how."""

from __future__ import annotations

from tests.api.conftest import PLAN

JSON = {"Content-Type": "application/json"}
YAML = {"Content-Type": "application/x-yaml"}
CHILD = b"services: [{type: basic-entity, name: child}]"
APP = "myownappid1"


def write(method, path, body=b"", **headers):
    return {"method": method, "path": path, "data": body, "headers": headers}


def of_web(path, body=b"", method="POST", **headers):
    return write(method, "/applications/{shop}/entities/{web}" + path, body, **headers)


DEPLOY = write("POST", "/applications", PLAN.encode())
DEPLOY_AS = write("PUT", f"/applications/{APP}", PLAN.encode(), **YAML)


class Shop:
    """An application, and a client that gives its writes keys."""

    def __init__(self, house, ids):
        self.house, self.ids = house, ids

    async def send(self, asked, key="my-key", house=None, **headers):
        given = {**asked["headers"], **({"Idempotency-Key": key} if key else {}), **headers}
        return await (house or self.house).call(
            asked["method"],
            asked["path"].format(**self.ids),
            data=asked["data"],
            headers=given,
        )


async def sender(shop):
    """Return who sends writes about an application, one effector of which runs on and on."""
    house, ids = shop
    told = await house.call(
        "POST",
        f"/applications/{ids['shop']}/entities/{ids['web']}/effectors/dwell?timeout=0",
        data=b"{}",
        headers=JSON,
    )
    return Shop(house, {**ids, "task": told.json["id"]})
