"""Telling the service manager (systemd's sd_notify protocol): a datagram to `$NOTIFY_SOCKET`.

Does nothing when not run under one. An address that begins with "@" is abstract.
"""

import os
import socket


def notify(state: str) -> None:
    """Send "READY=1", "STOPPING=1", "WATCHDOG=1", "STATUS=…"; a lost message is no failure."""
    address = os.environ.get("NOTIFY_SOCKET")
    if not address:
        return
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC) as channel:
        try:
            channel.connect("\0" + address[1:] if address.startswith("@") else address)
            channel.sendall(state.encode())
        except OSError:
            return


def watchdog_interval_seconds() -> float | None:
    """Half of what the manager allows between two signs of life, or None without a watchdog."""
    microseconds = os.environ.get("WATCHDOG_USEC", "")
    pid = os.environ.get("WATCHDOG_PID", str(os.getpid()))
    if not microseconds.isdigit() or pid != str(os.getpid()):
        return None
    return int(microseconds) / 2_000_000
