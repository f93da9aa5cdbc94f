"""From the stories of a day to files that people hand on.

`rank` orders the stories, `render` turns a `DigestDay` into texts (pure: the same day gives the
same bytes), `write_files` puts them on the disk so that a reader sees the old file or the new one
and never half of either. `FORMATS` names what `render` can do.
"""

from aggregator.publish.digest import FORMATS, render
from aggregator.publish.files import WrittenFile, write_files
from aggregator.publish.ranking import rank

__all__ = ["FORMATS", "WrittenFile", "rank", "render", "write_files"]
