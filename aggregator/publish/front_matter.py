"""Front matter of site generators, written and read back: YAML between `---`, TOML between `+++`. Pure.

Facts
-----
* A JSON string of scrubbed text is a YAML double-quoted scalar and a TOML basic string: JSON's escapes are
  a part of both, and what neither may hold raw (controls, DEL, lone surrogates) is scrubbed away.
* So every text is one quoted line, whatever it holds, and none can end the front matter.
* TOML has the keys of a table behind its header, so plain keys come first and tables last.
"""

import json
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import TypeAlias

from aggregator.publish.text import quoted_scalar

Value: TypeAlias = str | bool | int | datetime | Sequence[str]
FrontMatter: TypeAlias = Mapping[str, Value]
Tables: TypeAlias = Mapping[str, FrontMatter]
"""Front matter in tables, the key "" for that without a header."""


def yaml_text(front: FrontMatter) -> str:
    """Return the block with its fences, valid in YAML 1.1 and 1.2."""
    lines = ["---", *(line for key, value in front.items() for line in _yaml_lines(key, value)), "---"]
    return "\n".join(lines)


def toml_text(tables: Tables) -> str:
    """Return the block with its fences, valid in TOML 1.0."""
    lines = ["+++"]
    for name, front in tables.items():
        lines += [f"[{name}]"] if name else []
        lines += [f"{key} = {_toml_value(value)}" for key, value in front.items()]
    return "\n".join([*lines, "+++"])


def split(text: str, fence: str) -> tuple[str, str]:
    """Return front matter and body as a site generator parts them. Raises ValueError if there is no end."""
    opening, _, rest = text.partition("\n")
    front, end, body = rest.partition(f"\n{fence}\n")
    if opening != fence or not end:
        raise ValueError(f"no front matter between {fence}")
    return front, body


def read_yaml(front: str) -> dict[str, object]:
    """Read back what `yaml_text` wrote: that part of YAML and nothing else. Raises ValueError."""
    found: dict[str, object] = {}
    items: list[object] = []
    for line in front.split("\n"):
        if line.startswith("- "):
            items.append(json.loads(line[2:]))
            continue
        key, colon, value = line.partition(":")
        if not colon or not key.isidentifier() or key in found:
            raise ValueError(f"not a key of its own: {line[:80]!r}")
        if not value:
            found[key] = items = []
            continue
        items = []
        found[key] = _yaml_value(value.removeprefix(" "))
    return found


def read_toml(front: str) -> dict[str, object]:
    """Read TOML. Raises ValueError."""
    return tomllib.loads(front)


def _yaml_lines(key: str, value: Value) -> Iterator[str]:
    match value:
        case bool() | int():  # JSON's `true` and `12` are YAML's
            yield f"{key}: {str(value).lower()}"
        case datetime():
            yield f"{key}: {value.isoformat(timespec='seconds')}"
        case str():
            yield f"{key}: {quoted_scalar(value)}"
        case []:
            yield f"{key}: []"
        case _:
            yield f"{key}:"
            yield from (f"- {quoted_scalar(item)}" for item in value)


def _yaml_value(text: str) -> object:
    try:
        return json.loads(text)
    except ValueError:
        return datetime.fromisoformat(text)


def _toml_value(value: Value) -> str:
    match value:
        case bool() | int():
            return str(value).lower()
        case datetime():
            return value.isoformat(timespec="seconds")
        case str():
            return quoted_scalar(value)
        case _:
            return f"[{', '.join(map(quoted_scalar, value))}]"
