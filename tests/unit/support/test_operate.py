"""What tests of commands share."""

from __future__ import annotations

import shutil
from pathlib import Path

from support.operate import without_docker


def test_a_path_without_docker_has_the_programs_of_that_path_whatever_came_before(
    tmp_path: Path,
) -> None:
    one, other = tmp_path / "one", tmp_path / "other"
    for folder, name in ((one, "of-one"), (other, "of-other"), (other, "docker")):
        folder.mkdir(exist_ok=True)
        (folder / name).touch(mode=0o755)
    found = [without_docker(tmp_path, str(path)) for path in (one, other)]
    assert shutil.which("of-one", path=found[0])
    assert shutil.which("of-other", path=found[1])
    assert not shutil.which("docker", path=found[1])
