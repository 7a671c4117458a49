from __future__ import annotations

from pathlib import Path

import msgspec
import pytest

from brookline.api import internode
from brookline.api.app import all_operations
from brookline.api.openapi import document, operation_id
from brookline.api.routes import Place, RouteTable
from brookline.operations.interruption import Cause

ADDITIONS = Path(__file__).parents[2] / "docs" / "rest-additions.md"


@pytest.fixture(scope="module")
def served():
    return document(all_operations())


async def test_the_document_is_served_under_both_names_and_says_what_it_is(house):
    said = await house.get("/openapi.json")

    assert said["openapi"].startswith("3.1")
    assert await house.get("/apidoc/swagger.json") == said


def test_every_route_is_in_the_document(served):
    for operation in all_operations():
        described = served["paths"][operation.path][operation.method.lower()]
        assert described["summary"], operation
        assert {str(status) for status in operation.answers} <= set(described["responses"])


def test_every_parameter_of_a_path_is_in_the_document(served):
    for path, methods in served["paths"].items():
        for described in methods.values():
            named = {p["name"] for p in described["parameters"] if p["in"] == "path"}
            assert named == {part[1:-1] for part in path.split("/") if part.startswith("{")}


def test_ids_of_operations_are_unique():
    ids = [operation_id(one) for one in all_operations()]

    assert len(set(ids)) == len(ids)


def test_every_reference_is_to_something(served):
    text = msgspec.json.encode(served).decode()
    wanted = {part.partition('"')[0] for part in text.split("#/components/schemas/")[1:]}

    assert wanted <= set(served["components"]["schemas"])


def test_every_addition_is_in_the_documentation():
    text = ADDITIONS.read_text()

    missing = [
        one.path
        for one in all_operations()
        if one.beyond and f"`{one.method} {one.path}`" not in text
    ]
    assert missing == []


@pytest.mark.parametrize(
    "word",
    [
        internode.ID, internode.LINE, internode.NUDGE, internode.FORWARD, internode.STREAM,
        "Brookline-Node", "Brookline-Epoch", "Brookline-Sequence", "Idempotency-Key",
        "Brookline-Stream-End", "brookline.nonMasterWrites", "Retry-After", "outcome", "ETag",
    ],
)  # fmt: skip
def test_headers_and_calls_between_nodes_are_in_the_documentation(word):
    assert word in ADDITIONS.read_text()


def test_every_field_beyond_amp_is_in_the_documentation():
    text = ADDITIONS.read_text()
    fields = (
        "name", "host", "mode", "version", "epoch", "tail", "heartbeatAgeMs", "lagMs", "ready",
        "next", "address", "thisNode", "isMaster", "leaving", "alarm", "reachesMaster", "heartbeatTimeoutMs",
        "nonMasterWrites", "interrupted", "takenUp", "warnings",
    )  # fmt: skip

    assert [field for field in fields if f"`{field}`" not in text] == []


def test_every_route_is_found_by_its_own_path():
    operations = all_operations()
    table = RouteTable(operations)

    for operation in operations:
        path = operation.path.replace("{", "x").replace("}", "")
        found = table.find(operation.method, path)
        assert found.operation is operation


def test_reads_change_nothing_and_writes_have_a_place():
    for operation in all_operations():
        reads = operation.place in (Place.ANY, Place.HOT, Place.SHOWN)
        assert reads == (operation.method == "GET"), operation


def test_every_cause_of_an_interruption_is_in_the_text_for_people():
    text = ADDITIONS.read_text()
    table = text[text.index("| `cause` |") :].partition("\n\n")[0]
    assert [line.split("`")[1] for line in table.splitlines()[2:]] == [one.value for one in Cause]
