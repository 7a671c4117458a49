from __future__ import annotations

import gzip

import pytest

from brookline.console.files import Files
from brookline.console.site import Console, policy

PAGE = "text/html,application/xhtml+xml,*/*;q=0.8"


@pytest.fixture
def built(tmp_path):
    (tmp_path / "assets").mkdir()
    (tmp_path / "index.html").write_bytes(b"<!doctype html>")
    (tmp_path / "favicon.svg").write_bytes(b"<svg/>")
    script = tmp_path / "assets" / "main-Ab12.js"
    script.write_bytes(b"let a = 1")
    script.with_name("main-Ab12.js.gz").write_bytes(gzip.compress(b"let a = 1"))
    script.with_name("main-Ab12.js.br").write_bytes(b"brotli")
    (tmp_path.parent / "secret.txt").write_bytes(b"hush")
    return Console(lambda: ["http://127.0.0.1:8082"], Files(tmp_path))


async def ask(console, path, *, method="GET", **headers):
    sent = [(k.replace("_", "-").encode(), v.encode()) for k, v in headers.items()]
    scope = {"method": method, "path": path, "headers": sent}
    if not console.takes(scope):
        return None
    messages = []

    async def send(message):
        messages.append(message)

    await console(scope, send)
    start, body = messages
    named = {k.decode(): v.decode() for k, v in start["headers"]}
    return start["status"], named, body["body"]


@pytest.mark.parametrize("path", ["/v1/applications", "/v1", "/healthz/live", "/node/id"])
async def test_paths_of_the_api_are_not_pages_even_for_browsers(built, path):
    assert await ask(built, path, accept=PAGE) is None


async def test_a_hashed_file_is_kept_for_ever_in_the_best_form(built):
    for accepted, encoding, body in (
        ("gzip, deflate, br, zstd", "br", b"brotli"),
        ("gzip, br;q=0", "gzip", gzip.compress(b"let a = 1")),
    ):
        status, headers, found = await ask(built, "/assets/main-Ab12.js", accept_encoding=accepted)
        assert (status, headers["content-encoding"]) == (200, encoding)
        assert "immutable" in headers["cache-control"]
        assert found[10:] == body[10:]
    _, headers, found = await ask(built, "/assets/main-Ab12.js")
    assert found == b"let a = 1"
    assert "content-encoding" not in headers


@pytest.mark.parametrize("path", ["/", "/about", "/applications/a1/entities/e1", "/index.html"])
async def test_an_address_of_a_page_gives_the_index_which_is_asked_for_anew(built, path):
    status, headers, body = await ask(built, path, accept=PAGE)
    assert (status, body, headers["cache-control"]) == (200, b"<!doctype html>", "no-cache")
    again = await ask(built, path, accept=PAGE, if_none_match=headers["etag"])
    assert (again[0], again[2]) == (304, b"")


async def test_a_page_may_run_nothing_that_is_not_ours_and_ask_the_planes_nodes_only(built):
    _, headers, _ = await ask(built, "/", accept=PAGE)
    said = headers["content-security-policy"]
    assert said == policy(["http://127.0.0.1:8082"])
    assert "unsafe" not in said
    assert "connect-src 'self' http://127.0.0.1:8082;" in said
    assert headers["x-content-type-options"] == "nosniff"


async def test_a_missing_file_is_no_page(built):
    status, _, _ = await ask(built, "/assets/old-Cd34.js", accept=PAGE)
    assert status == 404


@pytest.mark.parametrize("path", ["/../secret.txt", "/assets/../../secret.txt", "//etc/passwd"])
async def test_nothing_outside_of_the_folder_is_a_file(built, path):
    _, _, body = await ask(built, path, accept=PAGE)
    assert body == b"<!doctype html>" or b"no such file" in body


async def test_a_program_that_asks_for_an_unknown_path_is_left_to_the_api(built):
    assert await ask(built, "/about", accept="application/json") is None
    assert await ask(built, "/about", method="POST", accept=PAGE) is None
    assert await ask(built, "/favicon.svg") is not None


async def test_head_says_the_same_without_a_body(built):
    status, headers, body = await ask(built, "/", method="HEAD")
    assert (status, headers["content-length"], body) == (200, "15", b"")


async def test_without_a_build_a_page_says_how_to_make_one(tmp_path):
    status, headers, body = await ask(Console(files=Files(tmp_path)), "/about", accept=PAGE)
    assert status == 503
    assert b"make console" in body
    assert headers["content-type"].startswith("text/html")
