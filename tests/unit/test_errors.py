"""Errors that cross processes keep what they say, and the tree in the docstring is the real one."""

from __future__ import annotations

import copy
import inspect
import pickle
import re

import pytest

from pipeline import errors
from pipeline.errors import PipelineError

TREE_LINE = re.compile(r" {4}([ │├└─]*)(\w+) {2,}\S")
ERRORS = [each for _, each in inspect.getmembers(errors, inspect.isclass)]


def drawn_tree() -> dict[str, str]:
    """Each error's name and its parent's, as errors.py draws them."""
    ancestors: list[str] = []
    parents = {}
    for line in (errors.__doc__ or "").splitlines():
        if found := TREE_LINE.match(line):
            branches, name = found.groups()
            del ancestors[len(branches) // 4 :]
            parents[name] = ancestors[-1] if ancestors else "Exception"
            ancestors.append(name)
    return parents


def test_the_tree_in_the_docstring_is_the_real_one() -> None:
    assert drawn_tree() == {each.__name__: each.__mro__[1].__name__ for each in ERRORS}


def test_the_tree_stands_in_the_order_of_the_classes() -> None:
    in_order = sorted(ERRORS, key=lambda each: inspect.getsourcelines(each)[1])
    assert list(drawn_tree()) == [each.__name__ for each in in_order]


@pytest.mark.parametrize("kind", ERRORS)
def test_an_error_arrives_whole_from_another_process(kind: type[PipelineError]) -> None:
    sent = kind("한 문장, and what to do next.", variable="TMDB_REGION", status=401, pages=[1, 2])
    for protocol in range(pickle.HIGHEST_PROTOCOL + 1):
        arrived = pickle.loads(pickle.dumps(sent, protocol))
        assert type(arrived) is kind
        assert str(arrived) == "한 문장, and what to do next."
        assert arrived.facts == {"variable": "TMDB_REGION", "status": 401, "pages": [1, 2]}


@pytest.mark.parametrize("kind", ERRORS)
def test_a_copied_error_says_the_same(kind: type[PipelineError]) -> None:
    error = kind("One sentence.", path="/data/x.json")
    copied = copy.copy(error)
    assert (type(copied), str(copied), copied.facts) == (kind, str(error), error.facts)


@pytest.mark.parametrize("kind", ERRORS)
def test_an_error_is_its_sentence_and_says_when_it_comes(kind: type[PipelineError]) -> None:
    assert str(kind("One sentence.", hidden="fact")) == "One sentence."
    assert kind("One sentence.").facts == {}
    assert kind.__doc__
