"""One day in one format. Pure.

A format is a function from a `DigestDay` to the files to publish; adding one is adding a line to
`FORMATS`. All formats share one output folder, so their paths must differ.
"""

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Final

from aggregator.errors import UsageError
from aggregator.model import DigestDay, RenderedFile
from aggregator.publish.hugo import render_hugo
from aggregator.publish.markdown import render_markdown
from aggregator.publish.ranking import rank

FORMATS: Final[Mapping[str, Callable[[DigestDay], tuple[RenderedFile, ...]]]] = {
    "hugo": render_hugo,
    "markdown": render_markdown,
}


def render(day: DigestDay, format: str) -> tuple[RenderedFile, ...]:
    """Return the files of one topic and day, stories ranked; the same day gives the same bytes.

    Raises:
        UsageError: there is no such format.
    """
    if format not in FORMATS:
        raise UsageError(f"no digest format {format!r}; there are: {', '.join(FORMATS)}")
    return FORMATS[format](replace(day, stories=rank(day.stories)))
