"""Zips that others may have made: what is unpacked of one is never more than its reader can bear."""

from __future__ import annotations

import zipfile

_KNOWN = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
"""Of the others the library unpacks all at once, however little is asked for."""


class TooLarge(ValueError):
    """What is in a zip is larger than its reader can bear."""


def unpacked(file: zipfile.ZipFile, name: str, most: int) -> bytes:
    """Return what is in a zip under a name.

    Args:
        file: The zip.
        name: One of its names.
        most: How many bytes that may be; no more are unpacked.

    Raises:
        TooLarge: If it is more.
        NotImplementedError: If it is packed otherwise than by our own writers, or the usual tools.
        KeyError: If there is no such name; and whatever else reading a damaged zip raises.
    """
    info = file.getinfo(name)
    if info.compress_type not in _KNOWN:
        raise NotImplementedError(f"{name} is packed in a way that is not known here")
    too_large = TooLarge(f"{name} is larger than {most} bytes")
    if info.file_size > most:
        raise too_large
    with file.open(info) as part:
        content = part.read(most + 1)  # what the zip says of its size may be a lie
    if len(content) > most:
        raise too_large
    return content
