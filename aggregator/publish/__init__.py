"""From the stories of a day to files that people hand on.

`compose` makes an `Issue` of a `DigestDay`: ranked, sorted into sections, said in the digest's language.
`render` turns it into the files of one format and reads them back (pure: the same day gives the same bytes),
`render_letter` into the HTML of a mail, `render_week` the issues of a week into one book,
`write_files` puts them on the disk so that a reader sees the old file or the new one and never half
of either. `FORMATS` names what `render` can do, `rules_version` by which rules.
"""

from aggregator.publish.compose import compose
from aggregator.publish.digest import FORMATS, render, render_letter, render_week
from aggregator.publish.files import WrittenFile, write_files
from aggregator.publish.issue import Issue
from aggregator.publish.rules import rules_version

__all__ = [
    "FORMATS",
    "Issue",
    "WrittenFile",
    "compose",
    "render",
    "render_letter",
    "render_week",
    "rules_version",
    "write_files",
]
