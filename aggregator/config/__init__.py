"""The configuration file: one table of keys that checks it, writes it and documents it.

`load_settings` turns a TOML file into `Settings` or says everything that is wrong with it at once;
`commented_default` is the file that `aggregator init` writes; `reference_markdown` is the list of
keys in the README. A new key is one row in `keys` and one field in `settings`.

Feeds come and go by command as well: `subscriptions` decides, `editing` changes the text, `saving` the
file; `opml` reads and writes lists of feeds. They are imported where they are used.
"""

from aggregator.config.reading import load_settings, parse_settings
from aggregator.config.writing import commented_default, reference_markdown

__all__ = ["commented_default", "load_settings", "parse_settings", "reference_markdown"]
