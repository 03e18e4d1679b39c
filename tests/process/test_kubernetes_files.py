"""The files of config/kubernetes fit the schema, each other, the crontab and the image."""

from __future__ import annotations

import copy
import datetime
from pathlib import Path
from typing import Any

import pytest
from support import kubernetes
from support.repository import REPOSITORY

FOLDER = REPOSITORY / "config/kubernetes"
FILES = {path.name: path.read_text(encoding="utf-8") for path in sorted(FOLDER.iterdir())}
CRONTAB = (REPOSITORY / "config/crontab").read_text(encoding="utf-8")
JOBS = [each for each in kubernetes.read(FILES) if each["kind"] == "CronJob"]
# The oldest version that has all that the files use, and the newest that the schemas are there for.
VERSIONS = ("1.27", "1.37")


def changed(name: str, old: str, new: str) -> list[dict[str, Any]]:
    """Return the documents of copies in which one text of one file is replaced."""
    assert old in FILES[name]
    return kubernetes.read({**FILES, name: FILES[name].replace(old, new)})


def test_the_files_have_no_mistake_that_a_schema_would_not_find(tmp_path: Path) -> None:
    assert list(kubernetes.mistakes(kubernetes.read(FILES), CRONTAB, tmp_path)) == []


@pytest.mark.parametrize(
    ("name", "old", "new", "sentence"),
    [
        ("daily.yaml", '"0 2 * * *"', '"0 2 * *"', "0 2 * * is no schedule"),
        ("daily.yaml", '"0 2 * * *"', '"0 2 * * 1"', "the crontab has no such time"),
        ("weekly.yaml", '"0 3 * * 0"', '"0 2 * * *"', "tmdb-weekly-"),
        ("weekly.yaml", "timeZone: UTC", "timeZone: Asia/Soul", "Asia/Soul is no time zone"),
        ("weekly.yaml", "timeZone: UTC", "timeZone: Asia/Seoul", "TZ is another zone"),
        ("settings.yaml", "TZ: UTC", "TZ: Asia/Seoul", "TZ is another zone"),
        ("daily.yaml", "secretRef: { name: tmdb", "secretRef: { name: t", "Secret t-pip"),
        ("daily.yaml", "configMapRef: { name: tmdb", "configMapRef: { name: t", "ConfigMap t-pip"),
        ("weekly.yaml", "emptyDir: {}", "secret: { secretName: aws }", "declares Secret aws"),
        ("weekly.yaml", "emptyDir: {}", "configMap: { name: plan }", "declares ConfigMap plan"),
        ("daily.yaml", "{ name: tmp,", "{ name: temp,", "the volume temp is declared or mounted"),
        ("daily.yaml", "mountPath: /tmp", "mountPath: /var/tmp", "/tmp is on no volume"),
        ("settings.yaml", "WORK_DIR: /app/work", "WORK_DIR: /app/logs", "/app/logs is on no vol"),
        ("settings.yaml", "TMDB_API_KEY:", "TMDB_KEY:", "nothing reads the setting TMDB_KEY"),
        ("daily.yaml", "restartPolicy: Never", "restartPolicy: Always", "no restartPolicy"),
        ("daily.yaml", "Policy: Forbid", "Policy: Forbidden", "no concurrencyPolicy"),
        ("daily.yaml", " DailySummary", " DailyPage", "'DailyPage', '--date'"),
        ("daily.yaml", "tmdb-scheduled daily", "tmdb-scheduled weekly", "runs ['weekly'"),
        ("weekly.yaml", "'tmdb-weekly-", "'tmdb-daily-", "not ['weekly'"),
        ("daily.yaml", "minutes * 60", "minutes", "not ['daily'"),
        ("daily.yaml", "${minutes:+", "${minutes:", "tmdb-daily-"),
    ],
)  # fmt: skip
def test_a_mistake_is_found(name: str, old: str, new: str, sentence: str, tmp_path: Path) -> None:
    found = list(kubernetes.mistakes(changed(name, old, new), CRONTAB, tmp_path))
    assert any(sentence in each for each in found), found


@pytest.mark.parametrize("job", JOBS, ids=lambda job: job["metadata"]["name"])
def test_a_job_makes_the_date_of_its_zone(job: dict[str, Any], tmp_path: Path) -> None:
    """02:00 in Seoul is the day before in UTC."""
    due = datetime.datetime(2026, 11, 29, 17, tzinfo=datetime.UTC)
    name = f"{job['metadata']['name']}-{due.timestamp() // 60:.0f}"
    for zone, day in (("Asia/Seoul", "2026-11-30"), ("UTC", "2026-11-29")):
        words = kubernetes.run_container(job, {"JOB_NAME": name, "TZ": zone}, tmp_path)
        assert words[-2:] == ["--date", day]


def test_the_two_jobs_differ_in_name_schedule_and_command_only() -> None:
    jobs = copy.deepcopy(JOBS)
    for job in jobs:
        job["metadata"].pop("name")
        job["spec"].pop("schedule")
        (container,) = job["spec"]["jobTemplate"]["spec"]["template"]["spec"]["containers"]
        container.pop("args")
    assert jobs[0] == jobs[1]


def test_a_run_is_bounded_and_is_made_by_one_pod_at_a_time() -> None:
    spec = JOBS[0]["spec"]
    assert (spec["concurrencyPolicy"], spec["startingDeadlineSeconds"]) == ("Forbid", 6 * 3600)
    job = spec["jobTemplate"]["spec"]
    assert (job["parallelism"], job["backoffLimit"]) == (1, 2)
    # as `tmdb-scheduled` limits a run; it ends its processes in less than the grace period
    assert job["activeDeadlineSeconds"] == 8 * 3600
    assert job["template"]["spec"]["terminationGracePeriodSeconds"] > 60
    assert job["template"]["spec"]["restartPolicy"] == "Never"


def test_a_pod_may_do_little() -> None:
    pod = JOBS[0]["spec"]["jobTemplate"]["spec"]["template"]["spec"]
    (container,) = pod["containers"]
    assert pod["automountServiceAccountToken"] is False
    assert pod["securityContext"] == {
        "runAsNonRoot": True, "runAsUser": 1000, "runAsGroup": 1000, "fsGroup": 1000,
        "seccompProfile": {"type": "RuntimeDefault"},
    }  # fmt: skip
    assert "ARG PIPELINE_UID=1000" in (REPOSITORY / "Dockerfile").read_text(encoding="utf-8")
    assert container["securityContext"] == {
        "allowPrivilegeEscalation": False,
        "readOnlyRootFilesystem": True,
        "capabilities": {"drop": ["ALL"]},
    }
    assert not {"hostNetwork", "hostPID", "hostIPC"} & set(pod)


@pytest.fixture
def schemas() -> Any:
    """The validator, with the schemas of Kubernetes."""
    return pytest.importorskip(
        "kubernetes_validate",
        reason="kubernetes-validate is not installed: make .venv/test-kubernetes",
    )


def validate(schemas: Any, documents: list[dict[str, Any]], version: str) -> None:
    for document in documents:
        schemas.validate(document, version, strict=True)


@pytest.mark.parametrize("version", VERSIONS)
def test_the_files_fit_the_schema_of_a_version(schemas: Any, version: str) -> None:
    validate(schemas, kubernetes.read(FILES), version)


@pytest.mark.parametrize(
    ("name", "old", "new"),
    [
        ("daily.yaml", "concurrencyPolicy", "concurencyPolicy"),
        ("daily.yaml", "      backoffLimit: 2", "      schedule: 2"),
        ("daily.yaml", 'schedule: "0 2 * * *"', "suspend: false"),
        ("weekly.yaml", "runAsUser: 1000", "runAsUser: pipeline"),
        ("weekly.yaml", "batch/v1", "batch/v1beta1"),
        ("settings.yaml", "TZ: UTC", "TZ: 9"),
    ],
)
def test_the_schema_finds_a_mistake(schemas: Any, name: str, old: str, new: str) -> None:
    with pytest.raises((schemas.ValidationError, schemas.SchemaNotFoundError)):
        validate(schemas, changed(name, old, new), VERSIONS[-1])
