"""Programs of other projects that prove what we write, where they are installed.

Continuous integration installs them all (`.ci/run`), so there a missing one is a failure; elsewhere the
test is skipped and says how to get it.
"""

import os
import shutil

import pytest


def require(program: str) -> str:
    """Return the path of a program of Debian's package of the same name.

    A test without it fails where the environment has `CI`, and is skipped elsewhere.
    """
    path = shutil.which(program)
    if path is None:
        message = f"{program} is missing; on Debian: apt-get install -y --no-install-recommends {program}"
        if os.environ.get("CI"):
            pytest.fail(message)
        pytest.skip(message)
    return path
