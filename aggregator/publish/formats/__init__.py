"""An issue in each format that is not Markdown: pages, documents, feeds, books and tables.

A renderer takes an `Issue` and returns the files to publish; it decides nothing about news, and the same
issue gives the same bytes. A verifier reads the files back before they are published. Adding a format is
a module with one of each and a line in both tables below.
"""

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path
from types import MappingProxyType
from typing import Final, TypeAlias

from aggregator.model import RenderedFile
from aggregator.publish.formats.cleaning import cleaned
from aggregator.publish.formats.epub import render_epub, render_week, verify_epub
from aggregator.publish.formats.html import render_html, verify_html
from aggregator.publish.formats.json_digest import render_json, verify_json
from aggregator.publish.formats.mail import render_mail
from aggregator.publish.formats.story_feeds import (
    render_atom,
    render_jsonfeed,
    verify_atom,
    verify_jsonfeed,
)
from aggregator.publish.formats.tables import render_csv, render_parquet, verify_csv, verify_parquet
from aggregator.publish.formats.templating import Templates
from aggregator.publish.issue import Issue

Renderer: TypeAlias = Callable[[Issue], tuple[RenderedFile, ...]]
Verifier: TypeAlias = Callable[[Issue, Sequence[RenderedFile]], None]


def make_renderers(templates: Path | None = None) -> Mapping[str, Renderer]:
    """Return the renderer of each format; templates in the given folder stand in front of the shipped ones.

    A renderer raises `PublishError` for a template that is wrong and `UsageError` for a format whose
    extra is not installed.
    """
    shared = Templates(templates)
    renderers: dict[str, Renderer] = {
        "html": partial(render_html, templates=shared),
        "json": render_json,
        "atom": render_atom,
        "jsonfeed": render_jsonfeed,
        "epub": partial(render_epub, templates=shared),
        "csv": render_csv,
        "parquet": render_parquet,
    }
    return MappingProxyType({name: _on_cleaned(renderer) for name, renderer in renderers.items()})


def _on_cleaned(renderer: Renderer) -> Renderer:
    return lambda issue: renderer(cleaned(issue))


def _against_cleaned(verifier: Verifier) -> Verifier:
    return lambda issue, files: verifier(cleaned(issue), files)


RENDERERS: Final = make_renderers()
"""With the shipped templates."""

VERIFIERS: Final[Mapping[str, Verifier]] = MappingProxyType(
    {
        name: _against_cleaned(verifier)
        for name, verifier in {
            "html": verify_html,
            "json": verify_json,
            "atom": verify_atom,
            "jsonfeed": verify_jsonfeed,
            "epub": verify_epub,
            "csv": verify_csv,
            "parquet": verify_parquet,
        }.items()
    }
)
"""Read files of a format back and compare them with the issue; `PublishError` names the file that is wrong."""

__all__ = [
    "RENDERERS",
    "VERIFIERS",
    "Renderer",
    "Verifier",
    "cleaned",
    "make_renderers",
    "render_mail",
    "render_week",
]
