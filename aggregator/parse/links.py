"""Which links of a feed we keep. Pure.

Facts
-----
* `javascript:`, `data:` and friends survive feedparser in every link field; a browser drops tabs and
  line breaks inside a URL before it looks at the scheme.
* Feeds give relative links without a base, links broken over two lines, links with a blank inside.
"""

import re
from urllib.parse import urljoin, urlsplit

MAX_LINK_CHARACTERS = 2_048

# Most links: nothing in them needs a second look.
_PLAIN = re.compile(r"https?://[a-z0-9-]+(?:\.[a-z0-9-]+)+(?:/[!-\[\]-~]*)?")
_LINE_BREAKS = re.compile(r"[\t\r\n]+ *")
_UNSAFE = re.compile(
    "[\x00-\x20\x7f-\x9f\\\\\u200b-\u200f\u2028-\u202e\u2060-\u206f\ud800-\udfff\ufeff\ufffd]"
)


def web_link(text: str | None, base: str, max_characters: int = MAX_LINK_CHARACTERS) -> str | None:
    """Return an absolute http or https link, or None if the text is not one.

    The link is unchanged but for what every browser does: outer white space and inner line breaks
    go, inner blanks become %20, a relative link is resolved against `base`. Links with a user name,
    control or invisible characters, without a host or longer than `max_characters` are refused.
    """
    if not text:
        return None
    if len(text) <= max_characters and _PLAIN.fullmatch(text):
        return text
    link = _LINE_BREAKS.sub("", text.strip()).replace(" ", "%20")
    if not link or len(link) > max_characters or _UNSAFE.search(link):
        return None
    try:
        if not link[:8].lower().startswith(("http://", "https://")):
            link = urljoin(base, link)
        parts = urlsplit(link)
        port = parts.port
    except ValueError:
        return None
    is_web = parts.scheme in ("http", "https") and bool(parts.hostname) and port != 0
    return link if is_web and "@" not in parts.netloc and len(link) <= max_characters else None


def origin(text: str | None) -> str | None:
    """Return scheme and host (and port, if given) of a link, in lower case, or None."""
    link = web_link(text, "")
    if link is None:
        return None
    parts = urlsplit(link)
    return f"{parts.scheme}://{parts.netloc.lower()}"
