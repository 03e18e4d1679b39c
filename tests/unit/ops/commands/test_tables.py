"""What commands print of a document."""

from __future__ import annotations

import json

import pytest
from support.hostile_texts import TEXTS, assert_shown_safely

from pipeline.ops.commands.tables import show_json


@pytest.mark.parametrize("text", TEXTS, ids=range(len(TEXTS)))
def test_json_that_is_shown_means_what_it_meant(
    text: str, capsys: pytest.CaptureFixture[str]
) -> None:
    document = {text: [text]}
    show_json(document)
    reported = capsys.readouterr().out

    assert_shown_safely(reported)
    assert json.loads(reported) == document
