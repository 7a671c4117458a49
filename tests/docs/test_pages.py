"""Documents under test: what there is stands in them, and what stands in them is so."""

from __future__ import annotations

import ast
import importlib
import os
import re
import shlex

import click
import pytest
from tests.docs import tables
from tests.docs.pages import (
    DOCS,
    PAGES,
    ROOT,
    anchors,
    blocks,
    links,
    name_of,
    section,
    shell_lines,
    spans,
)

from brookline.blueprint import plan_keys
from brookline.blueprint.functions import FUNCTIONS, SCOPES
from brookline.blueprint.planner import plan_application
from brookline.cli.exits import Exit
from brookline.cli.main import root
from brookline.locations.kinds import Locations
from brookline.locations.localhost import Localhost
from brookline.model.service import Lifecycle
from brookline.model.types import installed_types
from brookline.plane.states import Mode, NodeState
from brookline.plane.vacancy import Reason
from brookline.server.oddities import odd_keys
from brookline.server.properties import parse_properties
from brookline.values.clock import SystemClock

HIGH_AVAILABILITY = (DOCS / "high-availability.md").read_text()
BLUEPRINTS = (DOCS / "blueprints.md").read_text()


@pytest.mark.parametrize("name", tables.TABLES)
def test_tables_are_as_the_sources_make_them(name):
    before, after = tables.renewed(name)
    assert before == after, "write them anew: .venv/bin/python -m tests.docs.tables"


@pytest.mark.parametrize("status", Exit, ids=lambda status: status.name)
def test_every_exit_status_is_explained(status):
    assert f"| {int(status)} | " in (DOCS / "cli.md").read_text()


@pytest.mark.parametrize(
    "words",
    [
        pytest.param([mode.value.lower() for mode in Mode], id="modes"),
        pytest.param([state.value for state in NodeState], id="states"),
        pytest.param([reason.value for reason in Reason], id="reasons"),
    ],
)
def test_every_word_of_the_plane_is_explained(words):
    assert [word for word in words if f"| `{word}` |" not in HIGH_AVAILABILITY] == []


@pytest.mark.parametrize(
    "words",
    [
        pytest.param(plan_keys.USED | plan_keys.INERT | plan_keys.METADATA, id="keys"),
        pytest.param(SCOPES, id="scopes"),
        pytest.param([state.value for state in Lifecycle], id="service states"),
    ],
)
def test_every_word_of_blueprints_is_explained(words):
    assert [word for word in words if f"`{word}`" not in BLUEPRINTS] == []


def test_every_function_is_explained_or_named_as_not_supported():
    used, refused = BLUEPRINTS.split("\nThese functions of AMP are refused:")
    for name, function in FUNCTIONS.items():
        assert f"`{name}(" in used if function.supported else f"`{name}`" in refused


_SEAM = re.compile(r"…|\w+=|'")
"""Where a message goes on with something that differs from time to time."""


def messages():
    """Return the texts by which an operator recognizes what the page on alarms speaks of."""
    alarms = section(DOCS / "high-availability.md", "## Alarms, and what to do")
    spans_of_heads = (spans(head) for head in re.findall(r"^\*\*.*?\*\*", alarms, re.MULTILINE))
    words = (word for found in spans_of_heads for span in found for word in _SEAM.split(span))
    return dict.fromkeys(word.strip() for word in words if word.strip())


@pytest.mark.parametrize("message", messages())
def test_messages_of_alarms_are_what_the_program_says(message):
    sources = "".join(path.read_text() for path in (ROOT / "src").rglob("*.py"))
    assert message in re.sub(r'"\s*f?"', "", sources)


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_links_lead_somewhere(page):
    for link in links(page.read_text()):
        path, _, anchor = link.partition("#")
        target = (page.parent / path).resolve() if path else page
        assert target.exists(), link
        if anchor:
            assert anchor in anchors(target.read_text()), link


def test_all_pages_are_in_the_index():
    index = (DOCS / "README.md").read_text()
    pages = [page.name for page in DOCS.glob("*.md") if page.name != "README.md"]
    assert [name for name in pages if f"]({name})" not in index] == []


def command_of(words):
    """Return the command that some words name, and the words after it."""
    context, command = click.Context(root), root
    while words and isinstance(command, click.Group):
        name, *words = words
        found = command.get_command(context, name)
        assert found is not None, name
        command = found
    return command, words


def told(texts):
    """Return what is told of our command in some texts of all pages, each once."""
    found = (text for page in PAGES for text in texts(page.read_text()))
    return dict.fromkeys(one for one in found if re.match(r"brookline [a-z]", one))


@pytest.mark.parametrize("line", told(shell_lines))
def test_command_lines_can_be_typed(line):
    """Parses the line as the program would, and runs nothing."""
    command, words = command_of(shlex.split(line.partition(" >")[0])[1:])
    with command.make_context(line, words):
        pass


@pytest.mark.parametrize("span", told(spans))
def test_commands_in_sentences_exist_with_their_options(span):
    command, words = command_of(shlex.split(span)[1:])
    known = {name for one in command.params for name in (*one.opts, *one.secondary_opts)}
    assert [word for word in words if word.startswith("-") and word not in known] == []


OWN_TYPES = "docs/writing-entities.md"
"""Its blueprint is deployed together with its type."""


@pytest.mark.parametrize(
    "block",
    [block for block in blocks("yaml") if block.page != OWN_TYPES],
    ids=lambda block: f"{block.page}:{block.line}",
)
def test_blueprints_can_be_deployed(block):
    text = block.text
    if "services:" not in text:
        text += "services:\n- type: basic-entity\n"
    plan = plan_application(text, installed_types(), Locations([Localhost(SystemClock())]))
    assert plan.warnings == []


@pytest.mark.parametrize(
    "block", blocks("properties"), ids=lambda block: f"{block.page}:{block.line}"
)
def test_properties_are_known(block):
    entries = parse_properties(block.text, block.page)
    assert entries
    assert list(odd_keys(entries)) == []


@pytest.mark.parametrize("block", blocks("python"), ids=lambda block: f"{block.page}:{block.line}")
def test_python_is_python_and_imports_what_there_is(block):
    imports = [n for n in ast.walk(ast.parse(block.text)) if isinstance(n, ast.ImportFrom)]
    for node in imports:
        module = importlib.import_module(node.module or "")
        for name in node.names:
            if not hasattr(module, name.name):
                importlib.import_module(f"{node.module}.{name.name}")


def test_pages_do_not_name_folders_of_a_machine():
    for page in PAGES:
        assert str(ROOT) not in page.read_text(), page
        assert f"{os.sep}tmp{os.sep}docs" not in page.read_text(), page
