"""The SQLite file: all SQL of the program lives in this package, in functions of a connection.

`open_store` makes this process the one writer and runs closures on the writer's thread; `open_reader`
gives anybody a read-only connection. The modules name what they keep: feeds, polls, days, stories,
links, digests; `reading` is what people look at, `migrations` the schema and its public views.
"""

from aggregator.store.database import Guest, Store, Writer, open_reader, open_store

__all__ = ["Guest", "Store", "Writer", "open_reader", "open_store"]
