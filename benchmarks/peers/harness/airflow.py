"""A standing Airflow, version 2 or 3, with LocalExecutor and PostgreSQL, as its guide has it."""

from __future__ import annotations

import shutil
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from support.ports import free_port

from harness.services import NotReady, Services, answers, ask, start_postgres
from harness.venvs import PEERS, Venv

RUN_SECONDS = 600.0
POLL_SECONDS = 0.5
WORKERS = 9
"""A task for each list at once. The default of 32 is for larger machines, and slower here."""

_WEBSERVER_CONFIG = "AUTH_ROLE_PUBLIC = 'Admin'\n"
"""Airflow 2 asks nobody for a password: it serves this benchmark alone."""


@dataclass(frozen=True)
class Airflow:
    """The REST API of a running one."""

    base: str
    token: str | None

    def trigger(self) -> float:
        """Start a run of the week; return the seconds until it had succeeded, by its own record."""
        body = {"logical_date": None} if self.token else {}
        triggered = time.time()
        made = ask(f"{self.base}/dags/week/dagRuns", body, self.token)["dag_run_id"]
        deadline = time.monotonic() + RUN_SECONDS
        while time.monotonic() < deadline:
            time.sleep(POLL_SECONDS)
            run = ask(f"{self.base}/dags/week/dagRuns/{made}", token=self.token)
            if run["state"] == "success":
                return datetime.fromisoformat(run["end_date"]).timestamp() - triggered
            if run["state"] == "failed":
                raise NotReady("the run failed")
        raise NotReady(f"the run was not over after {RUN_SECONDS:.0f} s")

    def knows_the_week(self) -> bool:
        """Whether the job has been read."""
        dag: dict[str, Any] = ask(f"{self.base}/dags/week", token=self.token)
        return dag["is_paused"] is False


def settings(home: Path) -> dict[str, str]:
    """Return the settings that both ways of running Airflow share.

    Only its schedule is switched off, so that nothing runs but what is triggered.
    """
    return {
        "AIRFLOW_HOME": str(home),
        "AIRFLOW__CORE__DAGS_FOLDER": str(PEERS / "airflow_dags"),
        "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
        "AIRFLOW__CORE__DAGS_ARE_PAUSED_AT_CREATION": "False",
        "AIRFLOW__SCHEDULER__USE_JOB_SCHEDULE": "False",
        "AIRFLOW__USAGE_DATA_COLLECTION__ENABLED": "False",
        "SCARF_ANALYTICS": "false",
    }


def prepared(venv: Venv, generation: int, services: Services, home: Path) -> Callable[[], Airflow]:
    """Set up the database; return what then starts the rest of the installation."""
    port = free_port()
    shutil.rmtree(home / "postgres", ignore_errors=True)
    services.environment |= {
        "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN": start_postgres(services, home / "postgres"),
        "AIRFLOW__CORE__EXECUTOR": "LocalExecutor",
        "AIRFLOW__CORE__PARALLELISM": str(WORKERS),
        "AIRFLOW__LOGGING__WORKER_LOG_SERVER_PORT": str(free_port()),
        **(_of_2 if generation == 2 else _of_3)(port),
    }
    (home / "webserver_config.py").write_text(_WEBSERVER_CONFIG)
    command = venv.program("airflow")
    services.run([command, "db", "migrate"])
    start = _start_2 if generation == 2 else _start_3
    return lambda: start(command, services, port)


def _of_2(_: int) -> dict[str, str]:
    return {
        "AIRFLOW__API__AUTH_BACKENDS": "airflow.api.auth.backend.default",
        "AIRFLOW__WEBSERVER__WORKERS": "1",
    }


def _of_3(port: int) -> dict[str, str]:
    return {
        "AIRFLOW__CORE__EXECUTION_API_SERVER_URL": f"http://127.0.0.1:{port}/execution/",
        "AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_ALL_ADMINS": "True",
        "AIRFLOW__API_AUTH__JWT_SECRET": "a secret of this benchmark, long enough for HS512" * 2,
    }


def _start_2(command: str, services: Services, port: int) -> Airflow:
    services.start([command, "webserver", "--hostname", "127.0.0.1", "--port", str(port)])
    services.start([command, "scheduler"])
    airflow = Airflow(f"http://127.0.0.1:{port}/api/v1", None)
    services.wait_until(airflow.knows_the_week)
    return airflow


def _start_3(command: str, services: Services, port: int) -> Airflow:
    services.start([command, "api-server", "--host", "127.0.0.1", "--port", str(port)])
    services.start([command, "scheduler"])
    services.start([command, "dag-processor"])
    root = f"http://127.0.0.1:{port}"
    services.wait_until(lambda: answers(f"{root}/api/v2/version"))
    airflow = Airflow(f"{root}/api/v2", ask(f"{root}/auth/token")["access_token"])
    services.wait_until(airflow.knows_the_week)
    return airflow
