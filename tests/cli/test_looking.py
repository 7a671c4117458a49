"""Commands that only look, at tables of PostgreSQL and folders that are not there: none is made."""

from __future__ import annotations

import pytest
from tests.backends.fixtures import postgresql
from tests.cli.backups import make_log

from brookline.cli.main import run

__all__ = ["postgresql"]

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("postgresql")]


@pytest.fixture
def brookline(outside, capsys):
    def command(*arguments):
        status = run([*map(str, arguments)])
        captured = capsys.readouterr()
        return status, captured.out + captured.err

    return command


@pytest.fixture
def url(postgresql):
    return postgresql.url()


@pytest.fixture
def tables(postgresql, url):
    query = "SELECT schemaname, tablename FROM pg_tables WHERE schemaname NOT IN ('pg_catalog', 'information_schema')"
    return lambda: postgresql.execute(query, url.rpartition("/")[2])


@pytest.mark.parametrize("table", ["", "?table=typo", f"?table=public.{'x' * 51}"])
def test_the_doctor_tries_another_table_beside_one_that_is_not_there(brookline, url, tables, table):
    status, said = brookline("doctor", "--store", f"{url}{table}")
    assert status == 0, said
    assert "not there yet; another beside it was tried, and removed" in said
    assert "can carry a plane of several nodes" in said
    assert tables() == ""


def test_the_doctor_tries_a_table_that_is_there(brookline, url, tables, tmp_path):
    make_log(tmp_path / "store")
    assert brookline("store", "copy", tmp_path / "store", url, "--yes")[0] == 0
    status, said = brookline("doctor", "--store", url)
    assert status == 0, said
    assert "holds a plane" in said
    assert tables() == "public|brookline"


def test_reading_a_journal_makes_no_table(brookline, url, tables):
    for command in ("show", "verify"):
        status, said = brookline("journal", command, "--persistence-dir", f"{url}?table=typo")
        assert status == 2
        assert "the database has no such table" in said
    assert tables() == ""


def test_a_restore_that_is_only_tried_makes_no_table(brookline, url, tables, tmp_path):
    make_log(tmp_path / "store")
    status, said = brookline("backup", "restore", tmp_path / "store", url, "--dry-run")
    assert status == 0, said
    assert tables() == ""
