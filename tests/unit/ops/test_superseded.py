"""Files moved aside for a redo come back, wherever the redo was killed."""

from __future__ import annotations

from pathlib import Path

import pytest

from pipeline import clock
from pipeline.errors import NotPossible
from pipeline.ops import superseded
from pipeline.paths import Layout

FILES = ("raw/movies/daily/a.json", "reports/index.html")
TASK = "DailySummary"


@pytest.fixture
def layout(data_dir: Path) -> Layout:
    for name in FILES:
        (data_dir / name).parent.mkdir(parents=True)
        (data_dir / name).write_text(f"old {name}")
    return Layout(data_dir)


def test_what_was_moved_aside_is_put_back_and_the_new_file_is_kept(layout: Layout) -> None:
    superseded.move_aside(layout, TASK, FILES, clock.now())
    assert not any((layout.root / name).exists() for name in FILES)
    (layout.root / FILES[0]).write_text("new")
    assert superseded.put_back(layout, TASK) == list(FILES)
    assert [(layout.root / name).read_text() for name in FILES] == [f"old {n}" for n in FILES]
    kept = [path.read_text() for path in layout.root.glob("superseded/*/" + FILES[0])]
    assert kept == ["new"]
    assert superseded.put_back(layout, TASK) == []


def test_a_redo_killed_between_two_moves_is_put_back(
    layout: Layout, monkeypatch: pytest.MonkeyPatch
) -> None:
    rename = Path.rename

    def stop_at_the_index(path: Path, target: Path) -> Path:
        if path.name == "index.html":
            raise KeyboardInterrupt
        return rename(path, target)

    monkeypatch.setattr(Path, "rename", stop_at_the_index)
    with pytest.raises(KeyboardInterrupt):
        superseded.move_aside(layout, TASK, FILES, clock.now())
    monkeypatch.undo()
    assert superseded.put_back(layout, TASK) == [FILES[0]]
    assert [(layout.root / name).read_text() for name in FILES] == [f"old {n}" for n in FILES]


def test_nothing_is_moved_through_a_link_or_outside(layout: Layout, tmp_path: Path) -> None:
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "elsewhere/b.json").write_text("theirs")
    (layout.root / "processed").symlink_to(tmp_path / "elsewhere")
    for name in ("processed/b.json", "raw/../../elsewhere/b.json"):
        with pytest.raises(NotPossible):
            superseded.move_aside(layout, TASK, [name], clock.now())
    assert (tmp_path / "elsewhere/b.json").exists()
