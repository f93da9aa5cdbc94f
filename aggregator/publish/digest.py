"""One issue in one format, read back. Pure.

A format is a renderer, from an `Issue` to the files to publish, and a verifier, which reads those files
as their readers will. Adding one is adding it to both tables. All formats share one output folder, so
their paths must differ.
"""

from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path
from types import MappingProxyType
from typing import Final

from aggregator.errors import UsageError
from aggregator.model import RenderedFile
from aggregator.publish import formats
from aggregator.publish.compose import bind_week
from aggregator.publish.formats import Renderer, Verifier, make_renderers
from aggregator.publish.formats.templating import Templates
from aggregator.publish.issue import Issue
from aggregator.publish.markdown import render_markdown, verify_markdown
from aggregator.publish.sites import GENERATORS, render_posts, verify_posts
from aggregator.publish.text_format import render_text, verify_text

_TEXTS: Final[Mapping[str, tuple[Renderer, Verifier]]] = {
    "markdown": (render_markdown, verify_markdown),
    "text": (render_text, verify_text),
    **{
        name: (partial(render_posts, generator=generator), partial(verify_posts, generator=generator))
        for name, generator in GENERATORS.items()
    },
}

FORMATS: Final[Mapping[str, Renderer]] = MappingProxyType(
    {name: renderer for name, (renderer, _) in _TEXTS.items()} | dict(formats.RENDERERS)
)
"""Every format by name, with the shipped templates."""

VERIFIERS: Final[Mapping[str, Verifier]] = MappingProxyType(
    {name: verifier for name, (_, verifier) in _TEXTS.items()} | dict(formats.VERIFIERS)
)


def render_letter(issue: Issue, templates: Path | None = None) -> str:
    """Return the issue as the HTML part of a mail, read back and found right; `render` has the text part.

    Raises:
        PublishError: it does not read back as what was written, or a template is wrong.
    """
    return formats.render_mail(formats.cleaned(issue), Templates(templates))


def render_week(issues: Sequence[Issue], templates: Path | None = None) -> RenderedFile:
    """Return the book of a week, read back and found right: `issues` are its days in order, at least one.

    Raises:
        PublishError: it does not read back as what was written, or a template is wrong.
    """
    days = [formats.cleaned(issue) for issue in issues]
    return formats.render_week(bind_week(days), days, Templates(templates))


def render(issue: Issue, format: str, templates: Path | None = None) -> tuple[RenderedFile, ...]:
    """Return the files of an issue, read back and found right; the same issue gives the same bytes.

    Templates in `templates` stand in front of the shipped ones.

    Raises:
        UsageError: there is no such format, or it needs a library that is not installed.
        PublishError: a file does not read back as what was written, or a template is wrong.
    """
    if format not in FORMATS:
        raise UsageError(f"no digest format {format!r}; there are: {', '.join(sorted(FORMATS))}")
    renderers = FORMATS if templates is None else {**FORMATS, **make_renderers(templates)}
    clean = formats.cleaned(issue)
    files = renderers[format](clean)
    VERIFIERS[format](clean, files)
    return files
