"""argv → one call → exit status: 0 done, 1 failed, 2 wrong usage or configuration.

Only this package prints. A command parses its words, builds what it needs through `app`, makes one
call and prints what that returned.
"""

from collections.abc import Sequence

from aggregator.cli.commands import aggregator, run_command

__all__: Sequence[str] = ["aggregator", "run_command"]
