"""Files moved aside for a redo come back, wherever the redo was killed."""

from __future__ import annotations

import itertools
from pathlib import Path

import pytest

from pipeline.errors import NotPossible
from pipeline.ops.schedule.job_process import say
from pipeline.paths import Layout
from pipeline.storage import superseded

FILES = ("raw/movies/daily/a.json", "reports/index.html")
TASK = "DailySummary"


@pytest.fixture
def layout(data_dir: Path) -> Layout:
    for name in FILES:
        (data_dir / name).parent.mkdir(parents=True)
        (data_dir / name).write_text(f"old {name}")
    return Layout(data_dir)


def stop_at(number: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """End this process, so to speak, before that move."""
    rename, moves = Path.rename, itertools.count(1)

    def rename_or_stop(path: Path, target: Path) -> Path:
        if next(moves) == number:
            raise KeyboardInterrupt
        return rename(path, target)

    monkeypatch.setattr(Path, "rename", rename_or_stop)


def test_what_was_moved_aside_is_put_back_and_the_new_file_is_kept(layout: Layout) -> None:
    superseded.move_aside(layout, TASK, FILES)
    assert not any((layout.root / name).exists() for name in FILES)
    (layout.root / FILES[0]).write_text("new")
    assert not superseded.settle(layout, TASK, say)
    assert [(layout.root / name).read_text() for name in FILES] == [f"old {n}" for n in FILES]
    kept = [path.read_text() for path in layout.root.glob("superseded/*/" + FILES[0])]
    assert kept == ["new"]
    assert superseded.settle(layout, TASK, say)
    assert [path.name for path in layout.root.glob("superseded/*/raw/movies/daily/*")] == ["a.json"]


def test_a_redo_that_made_everything_and_was_killed_then_keeps_the_new_files(
    layout: Layout,
) -> None:
    superseded.move_aside(layout, TASK, FILES)
    for name in FILES:
        (layout.root / name).write_text("new")
    assert superseded.settle(layout, TASK, say)
    assert [(layout.root / name).read_text() for name in FILES] == ["new", "new"]
    assert not layout.redo_folder(TASK).exists()
    kept = [path.read_text() for path in layout.root.glob("superseded/*Z/**/*.*")]
    assert sorted(kept) == [f"old {name}" for name in FILES]


@pytest.mark.parametrize("made_again", FILES)
@pytest.mark.parametrize("number", range(1, 4))
def test_files_that_were_put_back_in_part_are_put_back_by_the_next_run(
    layout: Layout, monkeypatch: pytest.MonkeyPatch, made_again: str, number: int
) -> None:
    superseded.move_aside(layout, TASK, FILES)
    (layout.root / made_again).write_text("new")
    stop_at(number, monkeypatch)
    with pytest.raises(KeyboardInterrupt):
        superseded.settle(layout, TASK, say)
    monkeypatch.undo()
    assert not superseded.settle(layout, TASK, say)
    assert [(layout.root / name).read_text() for name in FILES] == [f"old {n}" for n in FILES]
    assert not layout.redo_folder(TASK).exists()


def test_a_redo_killed_between_two_moves_is_put_back(
    layout: Layout, monkeypatch: pytest.MonkeyPatch
) -> None:
    stop_at(2, monkeypatch)
    with pytest.raises(KeyboardInterrupt):
        superseded.move_aside(layout, TASK, FILES)
    monkeypatch.undo()
    assert not (layout.root / FILES[0]).exists()
    assert not superseded.settle(layout, TASK, say)
    assert [(layout.root / name).read_text() for name in FILES] == [f"old {n}" for n in FILES]


def test_nothing_is_moved_through_a_link_or_outside(layout: Layout, tmp_path: Path) -> None:
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "elsewhere/b.json").write_text("theirs")
    (layout.root / "processed").symlink_to(tmp_path / "elsewhere")
    for name in ("processed/b.json", "raw/../../elsewhere/b.json"):
        with pytest.raises(NotPossible):
            superseded.move_aside(layout, TASK, [name])
    assert (tmp_path / "elsewhere/b.json").exists()
