"""Ask whether a vulnerability is known of any package that requirements/ pins: `make audit`.

pip-audit ends alike where it finds one, where its service cannot be reached and where the service
knows none of the packages. Here the first fails, and the other two are said out loud and pass: a
machine without a way out can tell nothing either way.

    python .ci/audit.py [options of pip-audit]
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

REQUIREMENTS = Path(__file__).parent.parent / "requirements"
PROGRAM = Path(sys.executable).with_name("pip-audit")

SECONDS = 300


def main(options: list[str]) -> int:
    """Audit every file of requirements/; return 1 for a known vulnerability or a failed audit."""
    files = [word for path in sorted(REQUIREMENTS.glob("*.txt")) for word in ("-r", str(path))]
    words = [str(PROGRAM), "--disable-pip", "--require-hashes", "--progress-spinner", "off"]
    with tempfile.TemporaryDirectory() as cache:  # a verdict of today, not of the last run
        words += ["--format", "json", "--desc", "off", "--cache-dir", cache, *files, *options]
        done = subprocess.run(
            words, capture_output=True, text=True, timeout=SECONDS, check=False, cwd=cache
        )
    status, text = verdict(done.returncode, done.stdout, done.stderr)
    print(text)
    return status


def verdict(returncode: int, out: str, err: str) -> tuple[int, str]:
    """Return the exit status and the message, from the end and the output of pip-audit."""
    try:
        packages = json.loads(out)["dependencies"]
    except (ValueError, KeyError, TypeError):
        return _failure_of(err)
    audited = [each for each in packages if "vulns" in each]
    known = [line for each in audited for line in _lines(each)]
    if known:
        return 1, "\n".join(["VULNERABLE:", *known])
    if returncode:
        return 1, f"pip-audit failed: {_last_line(err)}"
    missed = len(packages) - len(audited)
    if not audited:
        return 0, f"NOT AUDITED: the service knows none of the {missed} packages."
    gaps = f"; NOT AUDITED: {missed} that the service does not know" if missed else ""
    return 0, f"No vulnerability is known of {len(audited)} packages{gaps}."


def _failure_of(err: str) -> tuple[int, str]:
    """Distinguish a service that cannot be reached from a pip-audit that does not work."""
    unreachable = ("ConnectionError", "ConnectTimeout", "ReadTimeout", "Could not connect")
    if any(sign in err for sign in unreachable):
        return 0, "NOT AUDITED: the service of vulnerabilities cannot be reached from here."
    return 1, f"pip-audit failed: {_last_line(err)}"


def _lines(package: dict[str, Any]) -> list[str]:
    name = f"{package['name']} {package['version']}"
    return [
        f"  {name}: {each['id']}; fixed in {', '.join(each['fix_versions']) or 'no version yet'}"
        for each in package["vulns"]
    ]


def _last_line(text: str) -> str:
    return (text.strip().splitlines() or ["it said nothing"])[-1]


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
