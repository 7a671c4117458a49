"""What AWS's own tools keep in ``~/.aws``: a profile's key, region and endpoint.

The client knows the variables, the web identity, and the roles of containers and machines; these
files it does not know. Profiles that sign on or assume a role need a session's variables instead.
"""

from __future__ import annotations

import configparser
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

_OURS = {
    "aws_access_key_id": "access_key_id",
    "aws_secret_access_key": "secret_access_key",
    "aws_session_token": "session_token",
    "region": "region",
    "endpoint_url": "endpoint",
}
_VARIABLES = {
    "access_key_id": ("AWS_ACCESS_KEY_ID",),
    "region": ("AWS_REGION", "AWS_DEFAULT_REGION"),
    "endpoint": ("AWS_ENDPOINT_URL_S3", "AWS_ENDPOINT_URL", "AWS_ENDPOINT"),
}
_KEY = ("access_key_id", "secret_access_key", "session_token")


def settings(profile: str, environment: Mapping[str, str]) -> dict[str, str]:
    """Return what a profile says, in the client's words, without what the environment says better.

    Args:
        profile: Its name; empty for that of ``AWS_PROFILE``, else ``default``. A profile that is
            named here comes before the environment.
        environment: Variables.

    Raises:
        ValueError: If a profile that was asked for by name is in no file.
    """
    name = profile or environment.get("AWS_PROFILE", "")
    found = _read(name or "default", environment)
    if name and not found:
        raise ValueError(f"the profile '{name}' is in neither of the files in ~/.aws")
    if profile:
        return found
    for ours, variables in _VARIABLES.items():
        if any(environment.get(variable) for variable in variables):
            for each in _KEY if ours == "access_key_id" else (ours,):
                found.pop(each, None)
    return found


def _read(name: str, environment: Mapping[str, str]) -> dict[str, str]:
    home = Path(environment.get("HOME", "~")).expanduser() / ".aws"
    config = Path(environment.get("AWS_CONFIG_FILE") or home / "config")
    keys = Path(environment.get("AWS_SHARED_CREDENTIALS_FILE") or home / "credentials")
    section = "default" if name == "default" else f"profile {name}"
    said = _section(config, section) | _section(keys, name)
    return {ours: said[theirs] for theirs, ours in _OURS.items() if said.get(theirs)}


def _section(path: Path, name: str) -> dict[str, str]:
    parser = configparser.RawConfigParser()
    try:
        parser.read(path)
    except configparser.Error as problem:
        raise ValueError(f"{path} cannot be read: {problem}") from problem
    return dict(parser[name]) if parser.has_section(name) else {}
