"""From the headlines of a day to stories, with reasons.

Two levels, both pure functions of values. `group_day` parts the headlines of one (language, day):
two groups join when their headlines agree on average. `continue_stories` says which story of the
days before each group carries on. Every join and every refusal near the line is a `Decision`.
"""

from aggregator.cluster.collector import collector_at_rest
from aggregator.cluster.evaluate import Scores, evaluate
from aggregator.cluster.grouping import attach_late, group_day
from aggregator.cluster.jsonl import ClusterRow, cluster_rows, read_rows, write_rows
from aggregator.cluster.reading import Reader
from aggregator.cluster.rules import RULES, RULES_VERSION, Rules
from aggregator.cluster.series import SeriesSlot, series_of
from aggregator.cluster.stories import continue_stories
from aggregator.cluster.tuning import Trial, sweep, try_lines
from aggregator.cluster.weights import TokenWeights

__all__ = [
    "RULES",
    "RULES_VERSION",
    "ClusterRow",
    "Reader",
    "Rules",
    "Scores",
    "SeriesSlot",
    "TokenWeights",
    "Trial",
    "attach_late",
    "cluster_rows",
    "collector_at_rest",
    "continue_stories",
    "evaluate",
    "group_day",
    "read_rows",
    "series_of",
    "sweep",
    "try_lines",
    "write_rows",
]
