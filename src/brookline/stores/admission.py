"""Deciding whether a folder may hold a plane, before anything in it is touched."""

from __future__ import annotations

import contextlib
import errno
import os
from typing import TYPE_CHECKING

from brookline.errors import StoreAbsent, StoreError, StoreUnfit
from brookline.stores.files import words
from brookline.stores.names import PLANE, TOP_LEVEL

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from pathlib import Path

    from brookline.stores.files import Files

_AMP = frozenset({"entities", "planeId", "catalog", "bundles", "feeds", "enrichers", "nodes"})
_NO_SUCH_CALL = frozenset({errno.EINVAL, errno.ENOTSUP, errno.ENOSYS, errno.EBADF})


def enter(path: Path, open_files: Callable[[str], Files]) -> Files:
    """Return the system calls beneath `path`, which is made if it is missing.

    Raises:
        StoreUnfit: If it is no folder, cannot be used, or holds something else; nothing was
            touched. `StoreAbsent` if the folder above it is not there.
        StoreError: If the file system gave no answer; it may be well later.
    """
    try:
        _ensure_folder(path)
        files = open_files(str(path))
        _check_rights(files, path)
        if problem := find_stranger(files.names("")):
            raise StoreUnfit(
                f"{path} {problem}; nothing was touched: name an empty or new directory"
            )
        _check_fsync(files, path)
    except OSError as problem:
        raise _refusal(path, problem) from problem
    return files


def find_stranger(names: Iterable[tuple[str, bool]]) -> str:
    """Say why a folder with these names is not ours, or nothing if it may be.

    A plane's own folder has the key `plane`, or only names that we use (its first node may have
    died before it wrote that key). What a file system or a desktop puts there does not count.

    Args:
        names: What is in the folder, each with whether it is a folder itself.
    """
    found = {name: folder for name, folder in names if name[0] != "." and name != "lost+found"}
    if found.get(PLANE) is False:
        return ""
    strangers = sorted(found.keys() - TOP_LEVEL)
    if found.get(PLANE) or len(_AMP & found.keys()) > 1:
        return (
            f"holds the state of an Apache Brooklyn or AMP server ({', '.join(sorted(found)[:5])})"
        )
    if not strangers:
        return ""
    others = f" and {len(strangers) - 3} more" if len(strangers) > 3 else ""
    return f"holds something else ({', '.join(strangers[:3])}{others})"


def refuse_stranger(place: str, names: Iterable[tuple[str, bool]]) -> None:
    """Refuse a place that holds something else, before anything in it is touched.

    Raises:
        StoreUnfit: If it does.
    """
    if problem := find_stranger(names):
        raise StoreUnfit(f"{place} {problem}; nothing was touched: name another prefix")


def _ensure_folder(path: Path) -> None:
    if path.is_dir():
        return
    above = path.parent
    if not above.is_dir():
        raise StoreAbsent(f"{path} cannot be made: {above} is no directory; is it mounted?")
    with contextlib.suppress(FileExistsError):  # another node; or a file, which opening refuses
        path.mkdir(0o700)
        _fsync(above)


def _fsync(path: Path) -> None:
    fd = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(fd)
    finally:
        os.close(fd)


def _check_rights(files: Files, path: Path) -> None:
    if not files.may_use():
        raise StoreUnfit(
            f"{path} cannot be written by this user, or lies on a read-only file system"
        )


def _check_fsync(files: Files, path: Path) -> None:
    fd = files.open("")
    try:
        files.fsync(fd)
    except OSError as problem:
        if problem.errno not in _NO_SUCH_CALL:
            raise
        raise StoreUnfit(
            f"{path} lies on a file system that cannot make a directory durable ({words(problem)}):"
            " use a local disk or NFS"
        ) from problem
    finally:
        files.close(fd)


def _refusal(path: Path, problem: OSError) -> StoreError:
    match problem:
        case NotADirectoryError():
            return StoreUnfit(f"{path} is not a directory")
        case PermissionError():
            return StoreUnfit(f"{path} cannot be used by this user: {words(problem)}")
        case OSError(errno=errno.EROFS):
            return StoreUnfit(f"{path} lies on a read-only file system")
        case _:
            return StoreError(f"{path} cannot be opened: {words(problem)}")
