"""A process that writes one key and dies at its n-th system call, before or after it.

Arguments: root, ``create`` or ``put``, key, bytes, n, ``before``, ``after`` or ``amid``. It prints
how many calls there were if it lives. `amid` writes half of what it was to write, and then dies.
"""

from __future__ import annotations

import os
import signal
import sys

from brookline.stores.files import Files
from brookline.stores.folder import Folder

CALLS = ("create", "open", "write", "read", "fsync", "close", "link", "replace", "unlink", "mkdir")


class DyingFiles(Files):
    calls = 0
    fatal = 0
    moment = ""

    def perform(self, name, args):
        type(self).calls += 1
        if self.calls != self.fatal:
            return getattr(Files, name)(self, *args)
        if self.moment == "amid" and name == "write":
            Files.write(self, args[0], args[1][: len(args[1]) // 2])
        try:
            if self.moment == "after":
                getattr(Files, name)(self, *args)
        finally:
            os.kill(os.getpid(), signal.SIGKILL)


for call in CALLS:
    setattr(DyingFiles, call, lambda self, *args, name=call: self.perform(name, args))


if __name__ == "__main__":
    root, operation, key, data, fatal, moment = sys.argv[1:]
    DyingFiles.fatal, DyingFiles.moment = int(fatal), moment
    getattr(Folder(DyingFiles(root)), operation)(key, data.encode())
    print(DyingFiles.calls)
