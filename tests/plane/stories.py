"""What stories about whole planes are told with."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tests.plane.house import node

from brookline.plane.peers import Request

if TYPE_CHECKING:
    from brookline.testing.harness import PlaneHarness
    from brookline.testing.toy import ToyTenant

REQUEST = Request(id="r1", method="POST", path="/lists/x")


async def on(harness: PlaneHarness, name: str, work: Any) -> Any:
    """Have something done in the name of a server."""
    host = harness[name].host
    assert host is not None
    return await host.spawn(work, "test")


def acts(harness: PlaneHarness, name: str) -> bool:
    """Tell whether the tenant was told to act."""
    tenant = harness[name].tenant
    return tenant is not None and tenant._acting is not None


def reasons(harness: PlaneHarness, name: str) -> list[str]:
    return [str(one["reason"]) for one in reversed(node(harness, name).history())]


def ends(harness: PlaneHarness, name: str) -> list[str]:
    return [str(one.get("endReason", "")) for one in reversed(node(harness, name).history())]


async def write(harness: PlaneHarness, name: str, request: str = "r1") -> Any:
    asked = Request(id=request, method="POST", path="/lists/x")
    return await on(harness, name, node(harness, name).door.submit(asked))


async def waits_for_the_store(harness: PlaneHarness, name: str) -> ToyTenant:
    """Start a server while the store is down; return its tenant."""
    harness.faults.down = True
    harness[name].start()
    assert await harness.until(lambda: harness[name].tenant is not None)
    tenant = harness[name].tenant
    assert tenant is not None
    return tenant
