"""Whether a daemon does its work: what it notes of itself, what follows from that, and how it is told.

`pulse` is what the running daemon notes; `report` the value that it hands out and the judgement on it;
`asking` gets that value from the daemon, wherever it runs on this machine; `exposition` says it to Prometheus.
"""

from aggregator.health.asking import REQUEST, look
from aggregator.health.exposition import exposition
from aggregator.health.pulse import Pulse
from aggregator.health.report import LOW_DISK_BYTES, Answer, Health, judge

__all__ = ["LOW_DISK_BYTES", "REQUEST", "Answer", "Health", "Pulse", "exposition", "judge", "look"]
