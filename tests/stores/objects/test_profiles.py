from __future__ import annotations

import pytest

from brookline.stores.objects.profiles import settings

KEYS = "[default]\naws_access_key_id = A\naws_secret_access_key = S\n[ops]\naws_access_key_id = B\naws_secret_access_key = T\naws_session_token = U\n"
CONFIG = "[default]\nregion = eu-west-1\n[profile ops]\nregion = us-east-2\nendpoint_url = https://minio.example.org\n"


@pytest.fixture
def home(tmp_path):
    folder = tmp_path / ".aws"
    folder.mkdir()
    (folder / "credentials").write_text(KEYS)
    (folder / "config").write_text(CONFIG)
    return {"HOME": str(tmp_path)}


def test_the_default_profile_is_read_if_the_environment_says_nothing(home):
    assert settings("", home) == {
        "access_key_id": "A", "secret_access_key": "S", "region": "eu-west-1",
    }  # fmt: skip


def test_a_profile_is_named_by_the_environment_or_the_url(home):
    ops = {
        "access_key_id": "B", "secret_access_key": "T", "session_token": "U",
        "region": "us-east-2", "endpoint": "https://minio.example.org",
    }  # fmt: skip
    assert settings("", {**home, "AWS_PROFILE": "ops"}) == ops
    assert settings("ops", {**home, "AWS_ACCESS_KEY_ID": "X"}) == ops


def test_what_the_environment_says_comes_before_an_unnamed_profile(home):
    said = settings("", {**home, "AWS_ACCESS_KEY_ID": "X", "AWS_DEFAULT_REGION": "y"})
    assert said == {}


def test_other_files_may_be_named(home, tmp_path):
    (tmp_path / "other").write_text("[default]\naws_access_key_id = Z\naws_secret_access_key = Z\n")
    found = settings("", {**home, "AWS_SHARED_CREDENTIALS_FILE": str(tmp_path / "other")})
    assert found["access_key_id"] == "Z"


def test_a_profile_that_is_nowhere_is_an_error_only_if_it_was_named(home):
    with pytest.raises(ValueError, match="'nobody'"):
        settings("nobody", home)
    assert settings("", {"HOME": "/nonexistent"}) == {}


def test_a_file_that_cannot_be_read_is_named(tmp_path):
    (tmp_path / "bad").write_text("no section\n")
    with pytest.raises(ValueError, match="bad cannot be read"):
        settings("", {"HOME": "/nonexistent", "AWS_CONFIG_FILE": str(tmp_path / "bad")})
