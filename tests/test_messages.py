"""Every sentence that the program says is on a list, and reads like the others."""

import ast
import re

import pytest

from tests.messages import LIST, PACKAGE, Message, collect, render
from tests.syntax import syntax_tree

AT_MOST = 200  # characters
_FILLED_IN = re.compile(r"\{[^}]*\}|%\w")
_OF_PROGRAMMERS = re.compile(
    r"\b(exception|[A-Z]\w+Error|None|invalid|illegal|fatal|traceback|errno|unexpected(ly)?|failed to|unable to"
    r"|could not|couldn't|cannot be None|internal|oops|sorry|whoops|argument|callable|instance)\b",
)
_BEGIN_LARGE = re.compile(r"(Python|SQLite|Google|HTTP|JSON|TOML|LimitNOFILE|TasksMax)\b")
_OF_PEOPLE = frozenset(
    ["UsageError", "InputError", "PublishError", "SecretError", "StoreError", "StoreLocked"]
)
NAMES_NOTHING = {
    "nothing says what is to go: --older-than 400d, --max-size 2GB, or keys of [store]",
    "--week is a book; --format goes with the digests of a day",
    "these bytes are not token weights",
    "the feed is not written as a [[feeds]] table; take it out by hand",
    "this database belongs to another program, and nothing was changed in it",
    "the digest format parquet needs the extra: pip install 'headline-aggregator[parquet]'",
}
"""What the words before have named already, or what has no name."""


@pytest.fixture(scope="module")
def messages():
    return collect()


def test_the_list_is_what_the_program_says(messages):
    written = LIST.read_text(encoding="utf-8")
    assert written == render(messages), "run: python -m tests.messages"
    assert len(messages) > 300


def has_plain_words(text: str) -> bool:
    return not _OF_PROGRAMMERS.search(_FILLED_IN.sub("", text))


def is_a_clause(text: str) -> bool:
    """Lower case and no full stop, so that it can follow a colon or be followed by advice."""
    begin = text.lstrip()
    is_lower = not begin[:1].isupper() or bool(_BEGIN_LARGE.match(begin))
    return is_lower and not re.search(r"[.!:]$|  |^[\s]+$", text.removesuffix("…").removesuffix("/m/…"))


def is_short(text: str) -> bool:
    return len(text) <= AT_MOST


RULES = {"plain words": has_plain_words, "a clause": is_a_clause, "short": is_short}
SAID_DIFFERENTLY = {
    "declares {rows} feeds; add one of them by its address:": "a list follows",
}


@pytest.mark.parametrize("rule", RULES.values(), ids=RULES)
def test_every_sentence_keeps_the_rules(messages, rule):
    bad = [message for message in messages if not rule(message.text) and not _is_excused(message)]
    assert bad == []


def _is_excused(message: Message) -> bool:
    return any(message.text.endswith(end) for end in SAID_DIFFERENTLY)


BAD = {
    "plain words": "an unexpected exception: None",
    "a clause": "The store cannot be read.",
    "short": "word " * 50,
}


@pytest.mark.parametrize("rule", RULES)
def test_a_sentence_that_breaks_a_rule_is_noticed(rule):
    assert not RULES[rule](BAD[rule])


def test_whatever_doctor_complains_of_comes_with_advice():
    silent = []
    for path in (PACKAGE / "doctor").glob("*.py"):
        for call in ast.walk(syntax_tree(path)):
            if isinstance(call, ast.Call) and getattr(call.func, "id", "") == "Finding":
                level = ast.unparse(call.args[0])
                if level != "Level.OK" and len(call.args) < 4:
                    silent.append(ast.unparse(call))
    assert silent == []


def test_an_error_names_what_it_is_about(messages):
    nameless = {
        message.text
        for message in messages
        if message.kind in _OF_PEOPLE and not _FILLED_IN.search(message.text)
    }
    assert nameless == NAMES_NOTHING
