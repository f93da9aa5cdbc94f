"""A day of many stories in every format: seconds of one core for each, to compose, render and read back.

python tests/bench/bench_digests.py [STORIES]
"""

import random
import sys
import time
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from typing import TypeVar

from aggregator.model import DigestArticle, DigestDay, DigestStory, StoryStatus
from aggregator.publish import FORMATS, compose, render, render_letter
from aggregator.settings import DigestSettings, SectionSettings

T = TypeVar("T")
MIDNIGHT = datetime(2026, 1, 7, tzinfo=UTC)
SYLLABLES = [
    "ba",
    "do",
    "ke",
    "li",
    "mar",
    "nu",
    "pe",
    "rit",
    "sa",
    "tor",
    "vel",
    "zan",
    "ost",
    "fir",
    "hal",
    "gre",
]
SETTINGS = DigestSettings(
    "world",
    "World",
    sections=(SectionSettings("Sea", words=("ba*",)), SectionSettings("Land", words=("do*",))),
)


def invented_day(stories: int, rng: random.Random) -> DigestDay:
    """A day of stories in one to twelve outlets, wide ones rare, in invented words."""
    words = ["".join(rng.choices(SYLLABLES, k=rng.randint(1, 3))).capitalize() for _ in range(3_000)]

    def sentence(subject: list[str], letters: int) -> str:
        return " ".join([*subject, *rng.choices(words, k=letters)])

    def article(subject: list[str]) -> DigestArticle:
        outlet = rng.randint(1, 200)
        seen = MIDNIGHT + timedelta(minutes=rng.randint(0, 1439))
        link = f"https://outlet{outlet}.example/{rng.getrandbits(40):x}"
        return DigestArticle(
            sentence(subject, 6),
            f"Outlet {outlet}",
            link,
            seen,
            seen,
            sentence(subject, 25) + ".",
            None,
            link,
        )

    def story(number: int) -> DigestStory:
        subject = rng.choices(words, k=3)
        articles = tuple(article(subject) for _ in range(min(12, int(rng.paretovariate(1.2)))))
        seen = [one.first_seen for one in articles]
        return DigestStory(
            *(number, articles[0].headline, StoryStatus.NEW, articles, min(seen), max(seen)),
            articles_total=len(articles),
            outlets_total=len(articles),
        )

    return DigestDay("world", "World", date(2026, 1, 7), "UTC", tuple(map(story, range(1, stories + 1))))


def timed(name: str, work: Callable[[], T]) -> T:
    started = time.process_time()
    result = work()
    print(f"{name:10} {time.process_time() - started:6.2f} s", flush=True)
    return result


def main(stories: int) -> None:
    day = invented_day(stories, random.Random(0))
    print(f"{stories} stories, {sum(len(story.articles) for story in day.stories)} articles")
    started = time.process_time()
    issue = timed("compose", lambda: compose(day, SETTINGS))
    for name in FORMATS:
        timed(name, lambda name=name: render(issue, name))
    timed("mail", lambda: render_letter(issue))
    print(f"{'all':10} {time.process_time() - started:6.2f} s")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 1_000)
