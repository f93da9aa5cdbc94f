"""A program under the filters that systemd would make of our service unit, made with the same library.

    python -m tests.confined aggregator run

wants Debian's package `systemd`, which knows what its sets of system calls are, and need not run.
"""

import ctypes
import errno
import mmap
import os
import re
import socket
import subprocess
import sys
from pathlib import Path

UNIT = Path(__file__).parents[1] / "config" / "aggregator.service"
_ALLOW, _REFUSE = 0x7FFF0000, 0x00050000  # libseccomp's actions; the second takes an error's number
_EQUAL, _MASKED_EQUAL = 4, 7


def system_calls() -> set[str]:
    """What the unit's filters leave: the sets of the first, without those that follow."""
    listed = subprocess.run(
        ["systemd-analyze", "syscall-filter", "--no-pager"], capture_output=True, text=True, check=True
    ).stdout
    blocks = re.findall(r"^(@[\w-]+)\n((?:    .*\n)+)", listed, re.MULTILINE)
    sets = {name: [word for word in body.split("\n    ") if word.strip()] for name, body in blocks}
    first, *others = re.findall(r"^SystemCallFilter=(.*)$", UNIT.read_text(encoding="utf-8"), re.MULTILINE)
    assert all(other.startswith("~") for other in others)
    allowed = _calls_in(first, sets)
    for other in others:
        allowed -= _calls_in(other.removeprefix("~"), sets)
    return allowed


def _calls_in(words: str, sets: dict[str, list[str]]) -> set[str]:
    found: set[str] = set()
    for word in words.split():
        found |= (
            _calls_in(" ".join(w.strip() for w in sets[word] if "#" not in w), sets)
            if word in sets
            else {word}
        )
    return found


class _Compared(ctypes.Structure):
    _fields_ = (("arg", ctypes.c_uint), ("op", ctypes.c_int), ("a", ctypes.c_uint64), ("b", ctypes.c_uint64))


def confine(allowed: set[str]) -> None:
    """Put this process under the unit's SystemCallFilter=, MemoryDenyWriteExecute= and RestrictAddressFamilies=."""
    library = ctypes.CDLL("libseccomp.so.2", use_errno=True)
    library.seccomp_init.restype = ctypes.c_void_p

    def load(otherwise: int, rules: list[tuple[int, str, list[_Compared]]]) -> None:
        context = ctypes.c_void_p(library.seccomp_init(otherwise))
        for action, name, compared in rules:
            number = library.seccomp_syscall_resolve_name(name.encode())
            if number >= 0:  # of this architecture
                array = (_Compared * len(compared))(*compared)
                assert library.seccomp_rule_add_array(context, action, number, len(compared), array) == 0, (
                    name
                )
        assert library.seccomp_load(context) == 0

    execute, both = mmap.PROT_EXEC, mmap.PROT_WRITE | mmap.PROT_EXEC
    load(
        _ALLOW,
        [
            (_REFUSE | errno.EPERM, "mmap", [_Compared(2, _MASKED_EQUAL, both, both)]),
            (_REFUSE | errno.EPERM, "mprotect", [_Compared(2, _MASKED_EQUAL, execute, execute)]),
            (_REFUSE | errno.EAFNOSUPPORT, "socket", [_Compared(0, _EQUAL, socket.AF_NETLINK, 0)]),
        ],
    )
    load(_REFUSE | errno.EPERM, [(_ALLOW, name, []) for name in sorted(allowed)])


if __name__ == "__main__":
    confine(system_calls())
    os.execvp(sys.argv[1], sys.argv[1:])
