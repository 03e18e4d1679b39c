"""A `docker` on PATH that notes its arguments and answers from a file."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest

DOCKER = f"""#!{sys.executable}
import json, pathlib, sys
here = pathlib.Path(__file__).parent
words = sys.argv[1:]
with (here / "asked").open("a") as asked:
    asked.write(json.dumps(words) + "\\n")
answers = json.loads((here / "answers").read_text())
for key, (status, out) in answers.items():
    if " ".join(words).startswith(key):
        print(out, end="")
        if status:
            print("it went wrong", file=sys.stderr)
        sys.exit(status)
"""

UP = "\n".join(
    json.dumps({"Service": name, "State": "running", "Health": health, "Status": "Up 2 hours"})
    for name, health in (("postgres", "healthy"), ("luigid", "healthy"), ("cron", ""))
)
UP_AS_A_LIST = f"[{','.join(UP.splitlines())}]"
WITHOUT_CRON = "\n".join(
    [
        *UP.splitlines()[:2],
        json.dumps({"Service": "cron", "State": "exited", "Status": "Exited (1)"}),
    ]
)

PS = ["compose", "ps", "--all", "--format", "json"]
PORT = ["port", "luigid", "8082"]
INSIDE = ["compose", "exec", "-T", "cron"]
AS_ON_A_HOST = ["--runtime", "host", "--until-stdin-closes"]
TRIGGER = [*INSIDE[1:], "tmdb-pipeline", "trigger", *AS_ON_A_HOST]


class Docker:
    """The stand-in: what it was asked, and what it shall answer."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        folder.mkdir()
        program = folder / "docker"
        program.write_text(DOCKER)
        program.chmod(0o755)
        self.answer({"compose ps": (0, UP)})

    def answer(self, answers: dict[str, tuple[int, str]]) -> None:
        (self.folder / "answers").write_text(json.dumps(answers))

    @property
    def asked(self) -> list[list[str]]:
        path = self.folder / "asked"
        return [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []


@pytest.fixture
def docker(tmp_path: Path, operator_environment: dict[str, str], clean_environment: Path) -> Docker:
    stand_in = Docker(tmp_path / "bin")
    operator_environment["PATH"] = f"{stand_in.folder}:{operator_environment['PATH']}"
    (clean_environment / "docker-compose.yml").write_text("services: {}\n")
    return stand_in
