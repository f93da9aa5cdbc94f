"""How much each outlet carried on a day: counted when the day is grouped, so that a month is a sum of small rows.

Facts
-----
* A day of 33,000 articles has some 800 outlets. To count it takes a sixth of a second, and adds little to the seconds of grouping it;
  to count thirty such days whenever somebody looks takes seconds.
* Counts follow from the day's stories and nothing else: whatever changes those, counts the day again.
* An outlet is its name, whatever the case.
"""

import sqlite3

_COUNTED = """
INSERT INTO outlet_days (day, language, outlet, name, articles, stories, first, alone)
SELECT :day, :language, c.outlet, c.name, c.articles, c.stories, coalesce(f.first, 0), coalesce(f.alone, 0)
  FROM (SELECT lower(a.outlet) AS outlet, min(a.outlet) AS name, count(*) AS articles,
               count(DISTINCT m.story_id) AS stories
          FROM story_members AS m JOIN articles AS a USING (article_id)
         WHERE m.day = :day AND a.language = :language GROUP BY lower(a.outlet)) AS c
  LEFT JOIN (SELECT lower(outlet) AS outlet, sum(outlets > 1) AS first, sum(outlets = 1) AS alone
          FROM (SELECT d.outlets, a.outlet, min(a.effective_at || printf('%012d', a.article_id))
                  FROM story_members AS m JOIN articles AS a USING (article_id)
                  JOIN story_days AS d ON d.day = m.day AND d.story_id = m.story_id
                 WHERE m.day = :day AND a.language = :language GROUP BY m.story_id)
         GROUP BY lower(outlet)) AS f USING (outlet)
"""


def count_outlets(connection: sqlite3.Connection, day: str, language: str) -> None:
    """Count the outlets of a day's stories in one language anew.

    `first` counts the stories of several outlets in which an article of this one is the earliest of the day,
    `alone` those that nobody else has. Cost: a sixth of a second for 33,000 articles.
    """
    values = {"day": day, "language": language}
    connection.execute("DELETE FROM outlet_days WHERE day = :day AND language = :language", values)
    connection.execute(_COUNTED, values)
