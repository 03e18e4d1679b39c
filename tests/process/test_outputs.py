"""A run that cannot print anything makes its documents and exits with 0."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest
from support.luigi_runs import luigi_command
from trials.plans import small_plan

DAILY = ("DailySummary", "--date", "2024-01-07", "--local-scheduler")
SUMMARY = "raw/metadata/daily_summaries/daily_summary_20240107.json"

NOWHERE = {
    "full": ">/dev/full 2>/dev/full",
    "standard output full": ">/dev/full",
    "standard error full": "2>/dev/full",
    "closed": "<&- >&- 2>&-",
    "standard output closed": ">&-",
    "standard error closed": "2>&-",
}
UNBUFFERED = ("unbuffered",)


@pytest.mark.parametrize(
    ("more", "redirection"),
    [
        *(((), redirection) for redirection in NOWHERE),
        *((more, both) for more in (("--workers", "4"), UNBUFFERED) for both in ("full", "closed")),
    ],
)
def test_a_run_that_can_print_nothing_ends_well(
    environment: dict[str, str],
    data_dir: Path,
    tmp_path: Path,
    more: tuple[str, ...],
    redirection: str,
) -> None:
    if not Path("/dev/full").exists():
        pytest.skip("this system has no /dev/full")
    plan = {"PIPELINE_CONFIG_DIR": str(small_plan(tmp_path / "config"))}
    unbuffered = {"PYTHONUNBUFFERED": "1"} if more == UNBUFFERED else {}
    words = luigi_command(*DAILY, *(() if unbuffered else more))
    done = subprocess.run(
        ["sh", "-c", f'"$@" {NOWHERE[redirection]}', "sh", *words],
        env=environment | plan | unbuffered,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "Error" not in done.stdout + done.stderr
    assert (data_dir / SUMMARY).read_bytes().endswith(b"}\n")
    (log,) = (data_dir / "logs").glob("*.log")
    assert log.read_text().splitlines()[-1].find("Ended with status 0") > 0


def test_a_closed_pipe_does_not_fail_the_run(environment: dict[str, str], data_dir: Path) -> None:
    words = luigi_command(*DAILY)
    done = subprocess.run(
        ["bash", "-c", 'set -o pipefail; "$@" 2>&1 | head -c 1', "bash", *words],
        env=environment,
        capture_output=True,
        check=False,
    )
    assert done.returncode == 0
    assert (data_dir / SUMMARY).exists()
