"""The file that remembers a background process."""

from __future__ import annotations

from pathlib import Path

import pytest

from pipeline.ops.runtimes import processes


@pytest.mark.parametrize("content", ["", "{}", "12", '{"pid": "x", "started": 1}', "\x00"])
def test_a_damaged_pid_file_names_no_process(tmp_path: Path, content: str) -> None:
    (tmp_path / "pid").write_text(content)
    assert processes.recorded(tmp_path / "pid") is None
