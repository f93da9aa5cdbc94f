"""Frozen values as JSON text and back: the same text for the same value, in any process and year. Pure.

The shape is read from the type annotations: dataclasses, tuples of one kind, enumerations, days, aware
times of whole seconds, and what JSON has itself. A field that a text of an earlier version lacks has its
default; one that is gone since is passed over.
"""

import json
import types
import typing
from collections.abc import Callable
from dataclasses import asdict, fields, is_dataclass
from datetime import date, datetime
from enum import Enum
from functools import cache
from typing import Any, TypeVar

from aggregator.store.values import day_of, time_of, time_text

T = TypeVar("T")
_Read = Callable[[Any], Any]


def text_of(value: Any) -> str:
    """A dataclass as JSON text, keys in order."""
    return json.dumps(asdict(value), default=_plain, ensure_ascii=False, sort_keys=True)


def value_of(kind: type[T], text: str) -> T:
    """The value that `text_of` wrote.

    Raises:
        ValueError, TypeError: the text is not of this kind.
    """
    read: Callable[[Any], T] = _reader(typing.cast(Any, kind))
    return read(json.loads(text))


def _plain(value: Any) -> str:
    if isinstance(value, datetime):
        return time_text(value)
    if isinstance(value, date):
        return value.isoformat()
    raise TypeError(f"no form in JSON for {value!r}")


@cache
def _reader(kind: Any) -> _Read:
    """What turns the JSON form of a kind into its value."""
    origin, arguments = typing.get_origin(kind), typing.get_args(kind)
    if origin is tuple:
        return _reader_of_many(_reader(arguments[0]))
    if origin in (types.UnionType, typing.Union):
        [one] = [argument for argument in arguments if argument is not types.NoneType]
        return _reader_of_optional(_reader(one))
    if is_dataclass(kind):
        return _reader_of_fields(kind)
    if issubclass(kind, Enum):
        return lambda raw: kind(raw)
    if kind is datetime:
        return time_of
    return day_of if kind is date else _as_it_is


def _reader_of_many(one: _Read) -> _Read:
    return lambda raw: tuple(map(one, raw))


def _reader_of_optional(one: _Read) -> _Read:
    return lambda raw: None if raw is None else one(raw)


def _reader_of_fields(kind: Any) -> _Read:
    hints = typing.get_type_hints(kind)
    readers = {field.name: _reader(hints[field.name]) for field in fields(kind)}
    return lambda raw: kind(**{name: read(raw[name]) for name, read in readers.items() if name in raw})


def _as_it_is(raw: Any) -> Any:
    return raw
