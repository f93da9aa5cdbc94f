"""Polls news feeds, groups headlines into stories, keeps them per day in one SQLite file."""

__version__ = "0.1.0"
