"""What is known of the packages is looked at, and a bill of materials names them all."""

from __future__ import annotations

import json
import stat
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from support.repository import REPOSITORY

FILES = list((REPOSITORY / "requirements").glob("*.txt"))
AUDIT, SBOM = REPOSITORY / ".ci/audit.py", REPOSITORY / ".ci/sbom.py"
FLAWED = {"id": "GHSA-1", "fix_versions": ["3.11"], "aliases": []}


def audited(*packages: dict[str, Any]) -> str:
    return json.dumps({"dependencies": packages, "fixes": []})


SOUND = {"name": "idna", "version": "3.20", "vulns": []}
UNKNOWN = {"name": "ours", "skip_reason": "Dependency not found"}
VULNERABLE = {"name": "idna", "version": "3.6", "vulns": [FLAWED]}
ANSWERS: dict[str, tuple[int, str, str, int, str]] = {
    "sound": (0, audited(SOUND), "", 0, "No vulnerability is known of 1 packages."),
    "vulnerable": (1, audited(SOUND, VULNERABLE), "", 1, "idna 3.6: GHSA-1; fixed in 3.11"),
    "vulnerable, and it says all is well": (0, audited(VULNERABLE), "", 1, "idna 3.6: GHSA-1"),
    "known in part": (0, audited(SOUND, UNKNOWN), "", 0, "NOT AUDITED: 1 that the service"),
    "known not at all": (0, audited(UNKNOWN), "", 0, "NOT AUDITED: the service knows none"),
    "out of reach": (1, "", "x\nrequests.exceptions.ConnectionError: y\n", 0, "NOT AUDITED"),
    "broken": (1, "", "x\nKeyError: 'y'\n", 1, "pip-audit failed: KeyError: 'y'"),
    "broken later": (2, audited(SOUND), "oh no\n", 1, "pip-audit failed: oh no"),
    "silent": (0, "", "", 1, "pip-audit failed: it said nothing"),
}


@pytest.mark.parametrize("answer", ANSWERS)
def test_a_known_vulnerability_fails_and_what_was_not_looked_at_is_said(
    answer: str, tmp_path: Path
) -> None:
    status, out, err, expected, sentence = ANSWERS[answer]
    program = tmp_path / "pip-audit"
    program.write_text(
        f"#!{sys.executable}\nimport sys\n"
        f"print({out!r}); print({err!r}, file=sys.stderr)\n"
        f"assert len([word for word in sys.argv if word == '-r']) == {len(FILES)}\n"
        f"sys.exit({status})\n"
    )
    program.chmod(stat.S_IRWXU)
    (tmp_path / "python").symlink_to(sys.executable)

    done = subprocess.run(
        [tmp_path / "python", AUDIT], capture_output=True, text=True, timeout=60, check=False
    )

    assert done.returncode == expected, done.stderr
    assert sentence in done.stdout


def components(*left_out: str) -> dict[str, Any]:
    from importlib import metadata

    listed = [{"name": each.name, "version": each.version} for each in metadata.distributions()]
    return {"components": [each for each in listed if each["name"] not in left_out]}


@pytest.mark.parametrize(("left_out", "expected"), [((), 0), (("luigi",), 1)])
def test_a_bill_of_materials_has_to_name_every_package(
    left_out: tuple[str, ...], expected: int, tmp_path: Path
) -> None:
    path = tmp_path / "sbom.json"
    path.write_text(json.dumps(components(*left_out)))

    done = subprocess.run([sys.executable, SBOM, path], capture_output=True, text=True, check=False)

    assert done.returncode == expected, done.stdout
    assert ("luigi 3.8.1: installed True" in done.stdout) == bool(left_out)


@pytest.mark.parametrize(("status", "shown"), [(0, ""), (3, "Collecting luigi\nno such hash\n")])
def test_an_installation_is_one_sentence_and_all_of_pip_s_words_if_it_fails(
    tmp_path: Path, status: int, shown: str
) -> None:
    pins = tmp_path / "run.txt"
    pins.write_text("luigi==3.8.1 \\\n    --hash=sha256:0\nclick==8.5.1\n", encoding="utf-8")
    pip = f"print('Collecting luigi'); print('no such hash'); raise SystemExit({status})"
    done = subprocess.run(
        [sys.executable, REPOSITORY / ".ci/install.py", "-c", pip, "-r", str(pins)],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert (done.returncode, done.stderr) == (status, shown)
    assert done.stdout.startswith("Installing 2 packages into ")
    assert done.stdout.count("\n") == 1
