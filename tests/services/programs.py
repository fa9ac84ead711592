"""Where the programs are that the services run."""

import os
import shutil

# Debian keeps servers in sbin, which is not on everybody's PATH.
SEARCH = os.pathsep.join([os.environ.get("PATH", os.defpath), "/usr/sbin", "/usr/local/sbin"])


class Missing(Exception):
    """A program that tests need is not installed."""


def find(*names: str, package: str) -> str:
    """The path of the first of the programs that is installed."""
    for name in names:
        path = shutil.which(name, path=SEARCH)
        if path:
            return path
    raise Missing(f"{names[0]} is not installed: sudo apt install {package}")
