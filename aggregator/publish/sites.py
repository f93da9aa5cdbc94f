"""An issue as posts for a site generator: one for each story and one for the day. Pure.

    hugo/2026-01-07-world.md               the day
    hugo/2026-01-07-world/story-412.md     a story

Facts
-----
* Hugo renders the front matter's `summary` as Markdown, all other values are plain text. Its own templates
  take `series` for a list of names.
* A post with a date in the future is not built by Hugo, nor by Jekyll; a day is published after its end, so
  none has.
* Two posts with one address overwrite each other without a word (Hugo, Jekyll) or stop the build (Zola,
  Eleventy). Jekyll, Zola and Eleventy drop the date from a file name, so that every day's "world" is one
  address: their posts say their address themselves.
* Jekyll takes posts from `_posts` only, with the date in front of the name. Zola knows no keys of ours
  outside `[extra]`, and wants the taxonomies `categories` and `tags` declared in its `config.toml`.
* Jekyll and Eleventy run Liquid over a post, Zola and Hugo their shortcodes: all begin with two signs in a
  row, `{{` or `{%`, which escaped text never has.
* A file name is made of the date, the topic and the story's id alone; the slug only makes the address
  readable.
* Hugo makes a folder of each term of a declared taxonomy: a term with "../" in it stops the build ("missing
  taxonomy"), one of some hundred letters too ("file name too long"). So do tags, series and outlets.
"""

import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, time
from types import MappingProxyType
from typing import Final
from zoneinfo import ZoneInfo

from aggregator.errors import PublishError
from aggregator.model import DigestArticle, RenderedFile
from aggregator.publish import front_matter
from aggregator.publish.front_matter import FrontMatter, Value
from aggregator.publish.issue import Issue, IssueStory
from aggregator.publish.language import language_of
from aggregator.publish.markdown import (
    body_blocks,
    issue_headings,
    issue_links,
    joined,
    story_blocks,
    story_links,
    verify_document,
)
from aggregator.publish.tags import MAX_TAGS
from aggregator.publish.text import escape_markdown, safe_url, shorten, slug

DESCRIPTION_LIMIT = 300  # characters
TERM_LIMIT = 60  # characters of a term, at most 240 bytes of the 255 of a folder's name


@dataclass(frozen=True, slots=True)
class Post:
    """One page of the site, its front matter under our names.

    `name` is the file's below the folder of the generator, without ending; `address` is the page's path.
    """

    name: str
    address: str
    front: FrontMatter
    blocks: Sequence[str]


@dataclass(frozen=True, slots=True)
class Generator:
    """What one site generator wants otherwise: where a post lies, its front matter, and how that is read."""

    path: Callable[[Post], str]
    front: Callable[[Post], str]
    fence: str = "---"
    read: Callable[[str], Mapping[str, object]] = front_matter.read_yaml


def render_posts(issue: Issue, generator: Generator) -> tuple[RenderedFile, ...]:
    """Return the day's post and one post for each story, in reading order."""
    return tuple(_file(post, generator) for post in _posts(issue))


def verify_posts(issue: Issue, files: Sequence[RenderedFile], generator: Generator) -> None:
    """Read the posts back: front matter and its title, headings and links.

    Raises:
        PublishError: one does not read back as it was meant; names the file.
    """
    wanted = [(issue.title, list(issue_headings(issue)), issue_links(issue))]
    wanted += [(story.headline, [], story_links(story)) for story in issue.stories]
    for file, (title, headings, links) in zip(files, wanted, strict=True):
        try:
            front, body = front_matter.split(file.text, generator.fence)
            read = generator.read(front)
        except ValueError as error:
            raise PublishError(f"{file.path} has no front matter that can be read: {error}") from error
        if read.get("title") != title:
            raise PublishError(f"{file.path} reads back with title {read.get('title')!r}, not {title!r}")
        verify_document(file.path, body, headings, links)


def _file(post: Post, generator: Generator) -> RenderedFile:
    return RenderedFile(generator.path(post), joined([generator.front(post), *post.blocks]))


# --- posts -----------------------------------------------------------------------------------------


def _posts(issue: Issue) -> Iterator[Post]:
    yield _day_post(issue)
    for story, slug_ in zip(issue.stories, _slugs(issue.stories), strict=True):
        yield _story_post(story, issue, slug_)


def _story_post(story: IssueStory, issue: Issue, slug_: str) -> Post:
    front: dict[str, Value] = {
        "title": story.headline,
        "date": _story_time(story, issue),
        "description": _description(story, issue),
        "summary": escape_markdown(_summary(story, issue)),
        "slug": slug_,
        "image": "",
        "link": story.link or "",
        "source": _source(issue),
        "categories": _terms([issue.day.title]),
        "tags": _terms(story.tags),
        "draft": False,
        "outlets": _terms(report.outlet for report in story.reports),
        "story_id": story.story.story_id,
        "day": issue.date.isoformat(),
    }
    if story.story.series:
        front["series"] = _terms([story.story.series])
    if story.story.serial:
        front["serial"] = story.story.serial
    return Post(
        name=f"{issue.stem}/{story.anchor}",
        address=f"{issue.stem}/{slug_}",
        front=front,
        blocks=list(story_blocks(story)),
    )


def _day_post(issue: Issue) -> Post:
    day = issue.day
    headlines = "; ".join(story.headline for story in issue.stories)
    front: dict[str, Value] = {
        "title": issue.title,
        "date": datetime.combine(day.day, time(23, 59, 59), ZoneInfo(day.timezone)),
        "description": shorten(headlines or issue.dek, DESCRIPTION_LIMIT),
        "summary": escape_markdown(issue.dek),
        "slug": issue.stem,
        "image": "",
        "link": "",
        "source": _source(issue),
        "categories": _terms([day.title]),
        "tags": _terms(_day_tags(issue.stories)),
        "draft": False,
        "outlets": _terms(report.outlet for story in issue.stories for report in story.reports),
        "day": day.day.isoformat(),
    }
    if day.number is not None:
        front["serial"] = language_of(issue.language).number(day.number)
    return Post(
        name=issue.stem,
        address=issue.stem,
        front=front,
        blocks=list(body_blocks(issue)),
    )


def _story_time(story: IssueStory, issue: Issue) -> datetime:
    """Return when the quoted article appeared: as published if that was on the day, else as first seen."""
    lead = _lead(story)
    zone = ZoneInfo(issue.day.timezone)
    if lead.published is not None and lead.published.astimezone(zone).date() == issue.date:
        return lead.published.astimezone(zone)
    return lead.first_seen.astimezone(zone)


def _description(story: IssueStory, issue: Issue) -> str:
    """Say who reports what, in the feed's own words where it has more of them than the headline."""
    language = language_of(issue.language)
    lead = _lead(story)
    what = max(lead.summary or "", lead.headline, key=len)
    names = language.names([report.outlet for report in story.reports])
    return shorten(language.say("reported", names=names, text=what), DESCRIPTION_LIMIT)


def _summary(story: IssueStory, issue: Issue) -> str:
    """Say how new and how wide the story is, and what other headlines make of it."""
    language = language_of(issue.language)
    others = {article.headline: article.outlet for article in reversed(story.story.articles)}
    angles = [
        language.say("quoted", text=text, outlet=others[text])
        for text in reversed(others)
        if text != story.headline
    ]
    basis = f"{issue.date_text}: {story.facts}"
    return shorten(". ".join([basis, "; ".join(angles)] if angles else [basis]), DESCRIPTION_LIMIT)


def _lead(story: IssueStory) -> DigestArticle:
    """Return the article whose headline stands for the story."""
    return next(article for article in story.story.articles if article.headline == story.headline)


def _slugs(stories: Sequence[IssueStory]) -> list[str]:
    """Return a slug for each story, unlike any other of the day: equal ones get the story's id."""
    plain = [slug(story.headline, fallback=story.anchor) for story in stories]
    uses = Counter(plain)
    return [
        text if uses[text] == 1 or text == story.anchor else f"{text}-{story.story.story_id}"
        for text, story in zip(plain, stories, strict=True)
    ]


def _terms(names: Iterable[str]) -> list[str]:
    """Return names that a generator can make folders of, each once; without what nothing is left of."""
    plain = (shorten(re.sub(r"[/\\]+", "-", name).strip(".- "), TERM_LIMIT) for name in names)
    return list(dict.fromkeys(filter(None, plain)))


def _source(issue: Issue) -> str:
    return next(filter(None, map(safe_url, issue.day.source_urls)), "")


def _day_tags(stories: Sequence[IssueStory]) -> list[str]:
    """Return the tags that most independent outlets stand behind, over all stories; "US" and "U.S." are one."""
    outlets: Counter[str] = Counter()
    written: dict[str, str] = {}
    for story in stories:
        for tag in story.tags:
            name = tag.casefold().replace(".", "")
            outlets[name] += story.independent_outlets
            written.setdefault(name, tag)
    return [written[name] for name, _ in outlets.most_common(MAX_TAGS)]


# --- generators ------------------------------------------------------------------------------------


def _jekyll_front(post: Post) -> str:
    front = {"layout": "post", **post.front, "permalink": f"/{post.address}/"}
    front["excerpt"] = front.pop("summary")
    front["published"] = not front.pop("draft")
    return front_matter.yaml_text(front)


def _eleventy_front(post: Post) -> str:
    return front_matter.yaml_text({**post.front, "permalink": f"/{post.address}/"})


_ZOLA_KEYS = ("title", "date", "description", "draft")
_ZOLA_TAXONOMIES = ("categories", "tags")


def _zola_front(post: Post) -> str:
    rest = {
        key: value for key, value in post.front.items() if key not in (*_ZOLA_KEYS, *_ZOLA_TAXONOMIES, "slug")
    }
    return front_matter.toml_text(
        {
            "": {**{key: post.front[key] for key in _ZOLA_KEYS}, "path": post.address},
            "taxonomies": {key: post.front[key] for key in _ZOLA_TAXONOMIES},
            "extra": rest,
        }
    )


def _flat(post: Post) -> str:
    return post.name.replace("/", "-")


GENERATORS: Final[Mapping[str, Generator]] = MappingProxyType(
    {
        "hugo": Generator(
            lambda post: f"hugo/{post.name}.md", lambda post: front_matter.yaml_text(post.front)
        ),
        "jekyll": Generator(lambda post: f"jekyll/_posts/{_flat(post)}.md", _jekyll_front),
        "zola": Generator(lambda post: f"zola/{_flat(post)}.md", _zola_front, "+++", front_matter.read_toml),
        "eleventy": Generator(lambda post: f"eleventy/{post.name}.md", _eleventy_front),
    }
)
"""By the name of the format."""
