"""`import pipeline` registers the tasks with luigi and changes nothing else in a process."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

from support.luigi_runs import installed

SCRIPT = """
import gc, logging, os, signal, sys
import luigi, luigi.cmdline, luigi.configuration, luigi.interface, luigi.worker
from luigi.cmdline_parser import CmdlineParser


def state():
    configuration = luigi.configuration.get_config()
    umask = os.umask(0)
    os.umask(umask)
    names = ("", "luigi-interface", "luigi-interface.pipeline")
    return {
        "umask": umask,
        "environment": dict(os.environ),
        "collector": (gc.isenabled(), gc.get_freeze_count()),
        "configuration": {name: dict(configuration[name]) for name in configuration},
        "files": list(luigi.configuration.LuigiConfigParser._config_paths),
        "parser": dict(vars(CmdlineParser)),
        "options": set(luigi.interface.core.ignore_unconsumed),
        "events": {event: len(all_) for event, all_ in
                   luigi.Task._event_callbacks.get(luigi.Task, {}).items()},
        "log": [(logging.getLogger(n).filters[:], logging.getLogger(n).handlers[:],
                 logging.getLogger(n).level) for n in names],
        "records": logging.getLogRecordFactory(),
        "signals": [signal.getsignal(n) for n in (1, 2, 15)],
        "tornado": sys.modules.get("tornado", "absent"),
    }


before = state()
import pipeline
after = state()
print([name for name in before if before[name] != after[name]])
print(sorted(pipeline.__all__))
"""


def test_importing_the_package_registers_the_tasks_and_changes_nothing_else(
    clean_environment: Path,
) -> None:
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT], cwd=clean_environment, env=os.environ, text=True,
        capture_output=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    changed, tasks = done.stdout.splitlines()
    assert changed == "[]"
    assert "'WeeklyConsolidation'" in tasks


def luigi_module(folder: Path, **variables: str) -> subprocess.CompletedProcess[str]:
    """Run `python -m luigi`, which knows nothing of our luigi.cfg, without a key."""
    words = ["--module", "pipeline", "PopularMovies", "--date", "2024-01-07", "--local-scheduler"]
    return subprocess.run(
        [sys.executable, "-m", "luigi", *words], cwd=folder, env={**os.environ, **variables},
        text=True, capture_output=True, check=False,
    )  # fmt: skip


def test_luigi_as_a_module_refuses_a_run_that_would_fail_with_0(clean_environment: Path) -> None:
    done = luigi_module(clean_environment)
    assert done.returncode == 1, done.stderr
    assert "no [retcode], so a failed run would exit with 0" in done.stderr


def test_luigi_as_a_module_exits_by_the_retcode_of_its_luigi_cfg(clean_environment: Path) -> None:
    (clean_environment / "luigi.cfg").write_text(
        "[core]\nlog_level = INFO\n[retcode]\nscheduling_error = 35\ntask_failed = 30\n"
    )
    done = luigi_module(clean_environment)
    assert done.returncode == 35, done.stderr
    assert "TMDB_API_KEY is not set" in done.stderr
    assert "Traceback" not in done.stderr


def test_the_luigi_script_of_luigi_itself_finds_the_tasks(clean_environment: Path) -> None:
    """Installing luigi again replaces our script by luigi's own, of the same name."""
    script = clean_environment / "luigi"
    script.write_text("import sys\nfrom luigi.cmdline import luigi_run\nluigi_run()\n")
    words = ["--module", "pipeline", "PopularMovies", "--date", "2024-01-07", "--local-scheduler"]
    done = subprocess.run(
        [sys.executable, str(script), *words], cwd=clean_environment,
        env={**os.environ, "TMDB_API_KEY": "demo"}, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert "no [retcode]" in done.stderr
    assert done.returncode == 1


def test_a_command_starts_without_luigi_if_it_needs_none(clean_environment: Path) -> None:
    """tmdb-scheduled has to alert although luigi's configuration is damaged."""
    (clean_environment / "luigi.cfg").write_text("damaged\n")
    done = subprocess.run(
        [installed("tmdb-scheduled"), "other", "--", "true"], cwd=clean_environment,
        env=os.environ, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr


BUILD = """
import datetime, logging, os
import luigi
import pipeline

task = pipeline.TrendingMovies(date=datetime.date(2024, 1, 7))
assert luigi.build([task], local_scheduler=True)
raise SystemExit(os.stat(task.output().path).st_mode & 0o002)
"""


def test_a_script_with_luigi_build_collects_records_and_lets_nobody_else_write(
    clean_environment: Path, data_dir: Path
) -> None:
    variables = {"TMDB_API_KEY": "demo", "PIPELINE_DATA_DIR": str(data_dir)}
    done = subprocess.run(
        ["sh", "-c", 'umask 0; exec "$@"', "sh", sys.executable, "-c", BUILD],
        cwd=clean_environment, env={**os.environ, **variables}, capture_output=True, text=True,
        check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    (journal,) = (data_dir / "logs/journal").iterdir()
    events = [json.loads(line) for line in journal.read_text().splitlines()]
    assert [each["event"] for each in events] == ["start", "done"]


WITHOUT_BUCKET = """
import datetime, sys
import luigi
import pipeline, pipeline.ops.cli
from pipeline import settings
from pipeline.ops.prune.delete import prune

assert luigi.build([pipeline.TrendingMovies(date=datetime.date(2024, 1, 7))], local_scheduler=True)
assert prune(settings.current().layout, 180).deleted
raise SystemExit("botocore" in sys.modules)
"""


def test_a_data_root_on_a_disk_imports_no_client_of_a_bucket(
    clean_environment: Path, data_dir: Path
) -> None:
    variables = {"TMDB_API_KEY": "demo", "PIPELINE_DATA_DIR": str(data_dir)}
    done = subprocess.run(
        [sys.executable, "-c", WITHOUT_BUCKET], cwd=clean_environment,
        env={**os.environ, **variables}, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
