"""No text crashes a terminal or a log, whatever its encoding."""

from __future__ import annotations

import io
import json
import sys

import pytest

from pipeline.runtime import stdio

TITLES = ["괴물 🎬", "\ud800 half", "\udce9", "Amélie “x”", "ﷺ"]


@pytest.mark.parametrize("encoding", ["ascii", "latin-1", "utf-8"])
def test_a_document_stays_one_in_any_encoding(
    monkeypatch: pytest.MonkeyPatch, encoding: str
) -> None:
    bytes_ = io.BytesIO()
    monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(bytes_, encoding=encoding))
    stdio.prepare()
    print(json.dumps(TITLES, ensure_ascii=False))
    sys.stdout.flush()
    assert json.loads(bytes_.getvalue().decode(encoding)) == TITLES
