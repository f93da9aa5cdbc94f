"""Every sentence that the program says to people, collected from its source as `tests/messages.txt`.

    python -m tests.messages

writes the list, so that a reviewer sees each new sentence; `--check` (in `tests/check.sh`) says whether it is as written.
`test_messages.py` holds each sentence to the rules of the house. What is filled in stands in braces: `{path}`, `{name}`.
"""

import ast
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from itertools import product
from pathlib import Path

from tests.syntax import syntax_tree

PACKAGE = Path(__file__).parents[1] / "aggregator"
LIST = Path(__file__).with_name("messages.txt")
_NOT_TOLD = ("replica/", "cluster/prior")  # a stage set: what it says is said to programs
_SAID_AT = {
    "Failure": (1,),
    "Refused": (1,),
    "DeliveryFailure": (0,),
    "Finding": (2, 3),
    "Problem": (2,),
    "Unreasonable": (0,),
    "Shortage": (0,),
    "HTTPException": (1,),
    "Answer": (0,),
    "say": (0,),
}
_ERRORS = frozenset(
    [
        "AggregatorError",
        "UsageError",
        "InputError",
        "PublishError",
        "SecretError",
        "ValueError",
        "StoreError",
        "StoreLocked",
        "StoreBusy",
        "StoreFull",
    ]
)
_LEVELS = frozenset(["warning", "error", "critical"])
_YIELDS = frozenset(["health/report.py"])  # a generator of sentences
_ASSIGNS = frozenset(["reason"])  # a sentence that is put together before it is carried
_DEEP = 6  # calls and names that a sentence may hide behind


@dataclass(frozen=True, slots=True)
class Message:
    """Where a sentence is said, how (the error, value or level that carries it), and its text."""

    file: str
    kind: str
    text: str


def collect() -> list[Message]:
    """All sentences by file, in the order of its lines; what is said twice in a file is listed once."""
    found: dict[Message, None] = {}
    for path in sorted(PACKAGE.rglob("*.py")):
        name = path.relative_to(PACKAGE).as_posix()
        if not name.startswith(_NOT_TOLD):
            module = _Module.of(syntax_tree(path))
            found |= {Message(name, kind, text): None for kind, text in module.said(name in _YIELDS)}
    return list(found)


def render(messages: list[Message]) -> str:
    """The listing: a heading for each file, a line for each sentence."""
    lines, file = [], ""
    for message in messages:
        if message.file != file:
            file = message.file
            lines += ["", file]
        lines.append(f"  {message.kind}: {message.text}")
    return "\n".join(lines).lstrip() + "\n"


@dataclass(frozen=True, slots=True)
class _Module:
    """A module's functions and constants, by name, for sentences that are made in another place than they are said."""

    tree: ast.Module
    functions: Mapping[str, ast.AST]
    constants: Mapping[str, list[ast.expr]] = field(default_factory=dict)

    @classmethod
    def of(cls, tree: ast.Module) -> "_Module":
        functions = {node.name: node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)}
        return cls(tree, functions, _assigned(tree))

    def said(self, is_generator: bool) -> Iterator[tuple[str, str]]:
        scopes = [self.tree, *(node for node in ast.walk(self.tree) if isinstance(node, _FUNCTIONS))]
        for scope in scopes:
            names = {**self.constants, **_assigned(scope)}
            for kind, node in _carried(scope, is_generator):
                for text in self._texts(node, names, _DEEP):
                    if not text.strip(
                        "{}%"
                    ).isidentifier():  # what is only handed on is listed where it is made
                        yield kind, text

    def _texts(self, node: ast.expr, names: Mapping[str, list[ast.expr]], deep: int) -> list[str]:
        """The forms of a sentence; none where it comes from elsewhere."""
        if deep == 0:
            return []
        inside = [(child, names) for child in _alternatives(node)]
        match node:
            case ast.Constant(value=str(text)):
                return [text]
            case ast.JoinedStr(values=parts):
                return ["".join(map(_part, parts))]
            case ast.BinOp(op=ast.Add(), left=left, right=right):
                both = (self._texts(left, names, deep - 1), self._texts(right, names, deep - 1))
                return ["".join(pair) for pair in product(*both)]
            case ast.Name(id=name):
                inside = [(value, {}) for value in names.get(name, [])]
            case (
                ast.Subscript(value=ast.Name(id=name))
                | ast.Call(func=ast.Attribute(value=ast.Name(id=name), attr="get"))
            ):
                inside = [(value, {}) for value in self.constants.get(name, [])]
            case (
                ast.Call(func=ast.Name(id=name))
                | ast.Call(func=ast.Attribute(value=ast.Name(id="self"), attr=name))
            ):
                function = self.functions.get(name)
                local = _assigned(function) if function else {}
                inside = [(value, local) for value in _returned(function)]
        return [text for child, known in inside for text in self._texts(child, known, deep - 1)]


_FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)


def _carried(scope: ast.AST, is_generator: bool) -> Iterator[tuple[str, ast.expr]]:
    for node in _own(scope):
        if is_generator and isinstance(node, ast.Yield) and node.value is not None:
            yield "yield", node.value
        if isinstance(node, ast.Assign):
            for name, value in _pairs(node):
                if name in _ASSIGNS:
                    yield name, value
        if isinstance(node, ast.Call):
            name = getattr(node.func, "attr", getattr(node.func, "id", ""))
            is_log = getattr(getattr(node.func, "value", None), "id", "") == "log" and name in _LEVELS
            places = (0,) if is_log or name in _ERRORS else _SAID_AT.get(name, ())
            yield from ((name, node.args[place]) for place in places if place < len(node.args))


def _alternatives(node: ast.expr) -> list[ast.expr]:
    """What a sentence is one of."""
    match node:
        case ast.IfExp(body=body, orelse=orelse):
            return [body, orelse]
        case ast.BoolOp(values=values) | ast.Tuple(elts=values) | ast.Dict(values=values):
            return values
    return []


def _own(scope: ast.AST) -> Iterator[ast.AST]:
    """What stands in a function or module itself, not in the functions inside it."""
    for child in ast.iter_child_nodes(scope):
        if not isinstance(child, _FUNCTIONS):
            yield child
            yield from _own(child)


def _assigned(scope: ast.AST) -> dict[str, list[ast.expr]]:
    found: dict[str, list[ast.expr]] = {}
    for node in _own(scope):
        if isinstance(node, ast.Assign):
            for name, value in _pairs(node):
                found.setdefault(name, []).append(value)
        if (
            isinstance(node, ast.AnnAssign | ast.AugAssign)
            and isinstance(node.target, ast.Name)
            and node.value
        ):
            found.setdefault(node.target.id, []).append(node.value)
    return found


def _pairs(node: ast.Assign) -> Iterator[tuple[str, ast.expr]]:
    """`a = x` and `a, b = x, y` as names with their values."""
    target = node.targets[0]
    if isinstance(target, ast.Name):
        yield target.id, node.value
    elif isinstance(target, ast.Tuple) and isinstance(node.value, ast.Tuple):
        for name, value in zip(target.elts, node.value.elts, strict=False):
            if isinstance(name, ast.Name):
                yield name.id, value


def _returned(function: ast.AST | None) -> list[ast.expr]:
    if function is None:
        return []
    return [node.value for node in _own(function) if isinstance(node, ast.Return) and node.value is not None]


def _part(part: ast.expr) -> str:
    return str(part.value) if isinstance(part, ast.Constant) else f"{{{_name(part)}}}"


def _name(node: ast.AST) -> str:
    """What a placeholder is about, in a word."""
    match node:
        case (
            ast.FormattedValue(value=inner)
            | ast.Subscript(value=inner)
            | ast.BinOp(left=inner)
            | ast.IfExp(body=inner)
        ):
            return _name(inner)
        case ast.Call(func=ast.Name(id="len" | "str" | "sorted" | "type"), args=[inner, *_]):
            return _name(inner)
        case ast.Call(func=ast.Attribute(attr="join"), args=[inner]):
            return _name(inner)
        case ast.Call(func=ast.Attribute(value=inner)):
            return _name(inner)
        case ast.Call(func=inner):
            return _name(inner)
        case ast.Name(id=name) | ast.Attribute(attr=name):
            return name
    return "…"


if __name__ == "__main__":
    current = render(collect())
    if sys.argv[1:] == ["--check"]:
        sys.exit(0 if LIST.read_text(encoding="utf-8") == current else "run: python -m tests.messages")
    LIST.write_text(current, encoding="utf-8")
