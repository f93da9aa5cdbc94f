"""The templates of the formats that have some: shipped ones, and a user's in front of them.

Facts
-----
* Jinja's default is to escape nothing, and `select_autoescape` looks at the end of a name only: here
  every template escapes, whatever it is called. Its escapes are valid in HTML and in XML.
* Escaping does not make an address safe; renderers hand over cleaned issues (see `cleaning`).
* A user's template may build on the one it replaces: `{% extends "default/digest.html" %}`.
* A headline is a value and never a template: `{{` in it is text.
"""

from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import Final

from jinja2 import (
    ChoiceLoader,
    Environment,
    FileSystemLoader,
    PrefixLoader,
    StrictUndefined,
    TemplateError,
    TemplateSyntaxError,
)

from aggregator.errors import PublishError
from aggregator.publish.formats.charts import coverage_chart, topic_chart, week_chart
from aggregator.publish.formats.reading import host, standfirst, unshown, wordings
from aggregator.publish.issue import Issue

DEFAULTS: Final = Path(__file__).parent.parent / "templates"


class Templates:
    """Templates by name ("digest.html"), looked up in the user's folder first.

    `issue` is there in every template, with the charts drawn from it as functions.
    """

    def __init__(self, folder: Path | None = None) -> None:
        shipped = FileSystemLoader(DEFAULTS)
        own = [] if folder is None else [FileSystemLoader(folder)]
        self._environment = Environment(
            loader=ChoiceLoader([*own, shipped, PrefixLoader({"default": shipped})]),
            autoescape=True,
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
            keep_trailing_newline=True,
        )
        self._environment.globals |= {
            "standfirst": standfirst,
            "wordings": wordings,
            "unshown": unshown,
            "host": host,
        }

    def render(self, name: str, issue: Issue, **values: object) -> str:
        """Return the text that a template makes of an issue and what else it is given.

        Raises:
            PublishError: the template is missing or wrong; says which and where.
        """
        given: Mapping[str, object] = {
            "issue": issue,
            "phrases": issue.phrases,
            "coverage_chart": partial(coverage_chart, issue),
            "week_chart": partial(week_chart, issue),
            "topic_chart": partial(topic_chart, issue),
            **values,
        }
        try:
            return self._environment.get_template(name).render(given)
        except TemplateSyntaxError as error:
            where = error.filename or error.name or name
            raise PublishError(f"template {where}, line {error.lineno}: {error.message}") from error
        except TemplateError as error:
            raise PublishError(f"template {name}: {error.message or error}") from error
