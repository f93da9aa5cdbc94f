"""What the replica shows now, and every article that it ever showed."""

from collections.abc import Iterable
from datetime import datetime
from urllib.parse import unquote, urlsplit

from aggregator.replica.content import Article, Outlet, Snapshot
from aggregator.replica.minting import google_id
from aggregator.replica.routes import section_key


class Library:
    """Snapshots by section key; articles by Google id and by URL, kept for good as Google keeps them."""

    def __init__(self) -> None:
        self._shown: dict[str, tuple[Snapshot, datetime]] = {}
        self._by_id: dict[str, Article] = {}
        self._by_url: dict[tuple[str, str], Article] = {}
        self._outlets: dict[str, Outlet] = {}

    def show(self, address: str, snapshot: Snapshot, now: datetime) -> None:
        """Show `snapshot` from `now` on under a section key, or the URL or path of a feed."""
        key = section_key(address)
        if self.find_snapshot(key) != snapshot:
            self._shown[key] = (snapshot, now)
        self.add_articles(snapshot.articles)

    def add_articles(self, articles: Iterable[Article]) -> None:
        """Make articles known to the online decoder and on their outlets' sites, listed or not."""
        for article in articles:
            parts = urlsplit(article.url)
            self._by_id[google_id(article)] = article
            self._by_url[article.outlet.slug, _page_name(parts.path, parts.query)] = article
            self._outlets[article.outlet.slug] = article.outlet

    def find_snapshot(self, key: str) -> Snapshot | None:
        shown = self._shown.get(key)
        return shown[0] if shown else None

    def shown_since(self, key: str) -> datetime | None:
        """Return when the content of a section last changed."""
        shown = self._shown.get(key)
        return shown[1] if shown else None

    def find_article(self, article_id: str) -> Article | None:
        return self._by_id.get(article_id)

    def find_page(self, slug: str, path: str, query: str = "") -> Article | None:
        return self._by_url.get((slug, _page_name(path, query)))

    def find_outlet(self, slug: str) -> Outlet | None:
        return self._outlets.get(slug)


def _page_name(path: str, query: str) -> str:
    """Return what names a page on its site: the path, and the query of a site that needs one."""
    name = unquote(path)
    return f"{name}?{query}" if query.startswith(("v=", "id=")) else name
