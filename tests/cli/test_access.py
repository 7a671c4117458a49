"""Where commands find the plane and the password."""

from __future__ import annotations

import pytest

from brookline.cli.access import Wish, find_access
from brookline.errors import InvalidInput


def home(folder, address="http://127.0.0.1:8081", password=""):
    folder.mkdir(exist_ok=True)
    (folder / "address").write_text(address + "\n")
    (folder / "address").chmod(0o644)
    if password:
        (folder / "admin-password").write_text(password + "\n")
        (folder / "admin-password").chmod(0o600)


def test_without_anything_the_default_is_tried_without_login(tmp_path):
    access = find_access(Wish(), {}, tmp_path)
    assert (access.urls, access.user) == (("http://127.0.0.1:8081",), "")


def test_homes_in_the_folder_and_below_tell_addresses_and_password(tmp_path):
    home(tmp_path / "n1", "http://127.0.0.1:1")
    home(tmp_path / "n2", "http://127.0.0.1:2", "secret")
    access = find_access(Wish(), {}, tmp_path)
    assert access.urls == ("http://127.0.0.1:1", "http://127.0.0.1:2")
    assert (access.user, access.password) == ("admin", "secret")
    assert access.password_from == str(tmp_path / "n2" / "admin-password")


def test_the_current_folder_may_itself_be_a_home(tmp_path):
    home(tmp_path, "http://127.0.0.1:5")
    assert find_access(Wish(), {}, tmp_path).urls == ("http://127.0.0.1:5",)


def test_options_win_over_the_environment_and_that_over_files(tmp_path):
    home(tmp_path, "http://127.0.0.1:1", "from-file")
    environment = {"BROOKLINE_URL": "http://b:1, http://b:2/", "BROOKLINE_PASSWORD": "from-env"}
    access = find_access(Wish(), environment, tmp_path)
    assert access.urls == ("http://b:1", "http://b:2")
    assert access.password == "from-env"
    wish = Wish(urls=("http://o:1",), user="ann", password="from-option")
    access = find_access(wish, environment, tmp_path)
    assert (access.urls, access.user, access.password) == (("http://o:1",), "ann", "from-option")


def test_a_password_found_by_chance_is_not_sent_to_another_machine(tmp_path):
    home(tmp_path, "http://127.0.0.1:1", "secret")
    assert find_access(Wish(urls=("https://prod:8443",)), {}, tmp_path).password == ""
    assert find_access(Wish(urls=("http://localhost:1",)), {}, tmp_path).password == "secret"


def test_a_named_home_without_a_password_uses_that_of_its_neighbour(tmp_path):
    home(tmp_path / "n1", "http://127.0.0.1:1", "secret")
    home(tmp_path / "n2", "http://127.0.0.1:2")
    access = find_access(Wish(home=str(tmp_path / "n2")), {}, tmp_path)
    assert (access.urls, access.password) == (("http://127.0.0.1:2",), "secret")


def test_the_password_of_a_node_that_has_ended_is_found(tmp_path):
    home(tmp_path / "n1", password="secret")
    (tmp_path / "n1" / "address").unlink()
    home(tmp_path / "n2", "http://127.0.0.1:2")
    assert find_access(Wish(), {}, tmp_path).password == "secret"


def test_certificates_that_local_nodes_have_made_are_trusted(tmp_path):
    home(tmp_path / "n1", "https://127.0.0.1:1")
    certificate = tmp_path / "n1" / "data" / "tls" / "certificate.pem"
    certificate.parent.mkdir(parents=True)
    certificate.write_text("PEM")
    certificate.chmod(0o600)
    assert find_access(Wish(), {}, tmp_path).authorities == (str(certificate),)
    assert find_access(Wish(cacert="ca.pem"), {}, tmp_path).authorities == ("ca.pem",)


def test_files_that_others_may_write_are_not_believed(tmp_path):
    home(tmp_path, "http://evil:1", "secret")
    (tmp_path / "address").chmod(0o666)
    assert find_access(Wish(), {}, tmp_path).urls_from == "the default"


def test_a_home_that_is_named_must_be_one(tmp_path):
    with pytest.raises(InvalidInput, match="is not the home of a node"):
        find_access(Wish(home=str(tmp_path)), {}, tmp_path)


def test_the_home_of_a_node_that_has_ended_is_told_from_none(tmp_path):
    (tmp_path / "data").mkdir()
    with pytest.raises(InvalidInput, match="no node runs with the home"):
        find_access(Wish(home=str(tmp_path)), {}, tmp_path)


def test_several_addresses_may_stand_in_one_option(tmp_path):
    wish = Wish(urls=("http://a:1, http://b:2/", "http://c:3"))
    assert find_access(wish, {}, tmp_path).urls == ("http://a:1", "http://b:2", "http://c:3")


@pytest.mark.parametrize("url", ["n1", "ftp://n1", "http://", "http://n1:port", "http://n1:99999"])
def test_an_address_that_is_none_is_refused_with_where_it_stands(url, tmp_path):
    with pytest.raises(InvalidInput, match=r"\(from --url\) is no address of a server"):
        find_access(Wish(urls=(url,)), {})
    home(tmp_path, url)
    with pytest.raises(InvalidInput, match=r"\(from .*/address\) is no address of a server"):
        find_access(Wish(), {}, tmp_path)
