"""The demo's news: invented events in an invented world, told as a dozen outlets would tell them. Pure.

Every event carries a label, the story its reports belong to; that is what the demo and the tests check
a grouping against. What is here on purpose:

* series: numbered days, episodes, versions, dated briefings and market reports (one story per issue)
* near misses: two earthquakes, two floods, two kinds of news of one company, two central banks
* one text of an agency at three outlets; tolls that rise from day to day; a headline in another script
* an outlet with " - " in its name, one with "&"; headlines with `|`, quotes, `&`, umlauts, `ё`, `ß`
* opaque and legacy links, one video; a report that arrives after its day was closed
* reports that an outlet's own feed has too (`Shown.BOTH`), or it alone (`Shown.OWN_FEED`)
"""

from aggregator.replica.demo_news.business import BUSINESS_EVENTS
from aggregator.replica.demo_news.german import GERMAN_EVENTS
from aggregator.replica.demo_news.technology import TECHNOLOGY_EVENTS
from aggregator.replica.demo_news.telling import Event, Report, Shown
from aggregator.replica.demo_news.world import WORLD_EVENTS

EVENTS = WORLD_EVENTS + BUSINESS_EVENTS + TECHNOLOGY_EVENTS + GERMAN_EVENTS

__all__ = ["EVENTS", "Event", "Report", "Shown"]
