"""The commands of docs/how-to/use-an-object-store.md run as written, with a bucket of a server."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

from support.object_store import BUCKET, Store
from support.repository import REPOSITORY

PAGE = (REPOSITORY / "docs/how-to/use-an-object-store.md").read_text(encoding="utf-8")


def test_a_day_is_made_and_shown_in_a_bucket(store: Store, tmp_path: Path) -> None:
    first = PAGE.split("```")[1]
    commands = re.findall(r"^(?:export|luigi|tmdb-pipeline) .*$", first, re.M)
    assert len(commands) == 3
    script = "\n".join(["set -e", *commands]).replace("s3://bucket/", f"s3://{BUCKET}/how-to-")
    done = subprocess.run(
        ["bash", "-c", script],
        cwd=tmp_path,
        env={
            **store.variables(),
            "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
            "HOME": str(tmp_path),
            "LANG": "C.UTF-8",
            "TMPDIR": str(tmp_path),
            "TMDB_API_KEY": "demo",
            "no_proxy": "*",
        },
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert f"s3://{BUCKET}/how-to-prefix" in done.stdout
    assert not list(tmp_path.rglob("raw/**/*.json"))
