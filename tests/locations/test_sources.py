import pytest

from brookline.errors import InvalidInput, NotFound
from brookline.locations.sources import read_source


@pytest.mark.parametrize(
    ("url", "content"),
    [
        ("data:,hello%20world", b"hello world"),
        ("data:,a,b", b"a,b"),
        ("data:text/plain;charset=utf-8,x", b"x"),
        ("data:text/plain;base64,aGk=", b"hi"),
        ("data:,", b""),
    ],
)
def test_data_urls_are_decoded(url, content):
    assert read_source(url) == content


def test_files_of_the_server_are_read(tmp_path):
    path = tmp_path / "a b.txt"
    path.write_bytes(b"x")
    assert read_source(str(path)) == b"x"
    assert read_source(f"file:{path}".replace(" ", "%20")) == b"x"
    assert read_source(f"file://{path}".replace(" ", "%20")) == b"x"


@pytest.mark.parametrize("url", ["data:x", "data:;base64,%%%", "http://x/y", "classpath:x", "x"])
def test_other_sources_are_refused(url):
    with pytest.raises(InvalidInput):
        read_source(url)


def test_a_file_that_is_not_there_is_named(tmp_path):
    with pytest.raises(NotFound, match="No such file"):
        read_source(f"{tmp_path}/none")
