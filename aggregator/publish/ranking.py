"""Which story comes first. Pure.

By number of distinct outlets, then of articles, then by the newest article; ties by the smaller
story id, so that the order is total and the same every time. Outlets come first because ten
newsrooms that choose a story are better evidence of its weight than ten headlines of one. Copies of one agency's
text still count as many outlets here.
"""

from collections.abc import Iterable

from aggregator.model import DigestStory


def rank(stories: Iterable[DigestStory]) -> tuple[DigestStory, ...]:
    """Return the stories of one day, the weightiest first."""
    return tuple(sorted(stories, key=_weight))


def _weight(story: DigestStory) -> tuple[int, int, float, int]:
    return (-len(story.outlets), -len(story.articles), -story.last_seen.timestamp(), story.story_id)
