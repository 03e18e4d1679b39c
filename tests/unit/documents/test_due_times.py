"""The note of when root tasks are due: read back as it was written, or refused."""

from __future__ import annotations

import datetime

import pytest

from pipeline.documents.due_times import DueTime, decode, encode

AT = datetime.datetime(2024, 1, 6, 17, tzinfo=datetime.UTC)
TIMES = [DueTime("DailySummary", datetime.date(2024, 1, 7), AT)]


def test_what_is_noted_is_read_back() -> None:
    assert decode(encode(TIMES)) == TIMES


@pytest.mark.parametrize(
    "text",
    [
        b"",
        b"{}",
        b"[1]",
        b"\xff",
        b'[{"task": "DailySummary"}]',
        encode(TIMES).replace(b"2024-01-07", b"2024-02-30"),
        encode(TIMES).replace(b"17:00:00Z", b"17:00:00"),
    ],
)
def test_another_text_is_refused(text: bytes) -> None:
    with pytest.raises(ValueError, match=r".+"):
        decode(text)
