"""Which rules a digest is composed and rendered by.

The bytes of a digest follow from its snapshot, its configuration and this package. A number that somebody
has to raise would be forgotten, so the version is read off the package itself: another template, phrase or line of
code is another version, whether or not a byte of any digest changes by it.
"""

import hashlib
from functools import cache
from pathlib import Path


@cache
def rules_version() -> str:
    """Return "publish-" and eight hexadecimal digits; the same for the same sources on any machine.

    Cost: some milliseconds, once in a process.
    """
    folder = Path(__file__).parent
    sources = (path for path in folder.rglob("*") if path.is_file() and path.suffix not in (".pyc", ".pyo"))
    digest = hashlib.sha256()
    for path in sorted(sources, key=lambda path: path.relative_to(folder).as_posix()):
        digest.update(f"{path.relative_to(folder).as_posix()}\0{path.stat().st_size}\0".encode())
        digest.update(path.read_bytes())
    return f"publish-{digest.hexdigest()[:8]}"
