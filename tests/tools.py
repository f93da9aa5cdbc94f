"""Programs of other projects that prove what we write, where they are installed.

Continuous integration installs them all (`.ci/run`), so there a missing one is a failure; elsewhere the
test is skipped and says how to get it.
"""

import os
import shutil

import pytest


def require(program: str, *, package: str = "") -> str:
    """Return the path of a program of a Debian package, of the same name if no other is given.

    A test without it fails where the environment has `CI`, and is skipped elsewhere.
    """
    path = shutil.which(program)
    if path is None:
        message = f"{program} is missing; on Debian: apt-get install -y --no-install-recommends {package or program}"
        if os.environ.get("CI"):
            pytest.fail(message)
        pytest.skip(message)
    return path
