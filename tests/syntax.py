"""Source read as a syntax tree, by tests that hold a module to what it says."""

import ast
import gc
from pathlib import Path


def syntax_tree(path: Path) -> ast.Module:
    """Parse a module.

    CPython 3.11 fails with SystemError when rubbish is collected in the middle and runs code as it goes, as a coroutine does that
    another test never finished: nothing is collected meanwhile.
    """
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        return ast.parse(path.read_text(encoding="utf-8"))
    finally:
        if was_enabled:
            gc.enable()
