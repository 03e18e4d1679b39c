"""docker-compose.yml and the Dockerfile, held to what an operator relies on; nothing is run."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml
from support.repository import REPOSITORY

from pipeline.ops.settings import VARIABLES

COMPOSE = REPOSITORY / "docker-compose.yml"
SERVICES = ("postgres", "luigid", "cron")
OURS = ("luigid", "cron")
PASSWORD = "p@ss/w:rd$%# x"
"""As it stands in single quotes in .env."""

TEXT = COMPOSE.read_text(encoding="utf-8")
FILE: dict[str, Any] = yaml.safe_load(TEXT)
SCALE = REPOSITORY / "docker-compose.scale.yml"
SCALED: dict[str, Any] = yaml.safe_load(SCALE.read_text(encoding="utf-8"))["services"]
DOCKERFILE = (REPOSITORY / "Dockerfile").read_text(encoding="utf-8")
IGNORED = (REPOSITORY / ".dockerignore").read_text(encoding="utf-8").split("\n")


def service(name: str) -> dict[str, Any]:
    found: dict[str, Any] = FILE["services"][name]
    return found


def test_the_three_services_are_there_and_nothing_else() -> None:
    assert set(FILE["services"]) == set(SERVICES)


@pytest.mark.parametrize("name", SERVICES)
def test_a_service_comes_back_is_watched_and_is_kept_in_bounds(name: str) -> None:
    found = service(name)
    assert found["restart"] == "unless-stopped"
    assert found["healthcheck"]["test"]
    assert re.fullmatch(r"\d+m", found["mem_limit"])
    assert found["pids_limit"]
    assert found["stop_grace_period"]
    assert {"max-size", "max-file"} <= set(found["logging"]["options"])


@pytest.mark.parametrize("name", SERVICES)
def test_a_service_may_do_little(name: str) -> None:
    found = service(name)
    assert found["read_only"] is True
    assert found["cap_drop"] == ["ALL"]
    known = {"CHOWN", "DAC_OVERRIDE", "FOWNER", "KILL", "SETGID", "SETUID"}
    assert set(found["cap_add"]) <= known
    assert found["security_opt"] == ["no-new-privileges:true"]
    assert "privileged" not in found
    assert "docker.sock" not in TEXT


@pytest.mark.parametrize("name", SERVICES)
def test_a_service_shares_nothing_of_the_host_but_its_data(name: str) -> None:
    found = service(name)
    assert not {"pid", "ipc", "uts", "userns_mode", "devices", "cgroup", "sysctls"} & set(found)
    for volume in found["volumes"]:
        source = volume.rpartition(":/")[0]
        writable = source in ("history", "${PIPELINE_DATA_DIR:-./data}", "./data-demo")
        assert writable or volume.rpartition(":")[2].startswith("ro"), volume


@pytest.mark.parametrize("name", SERVICES)
def test_a_folder_of_the_host_has_a_label_that_containers_share(name: str) -> None:
    """With SELinux a container cannot read what is mounted without one."""
    others = ("history:", "${REQUESTS_CA_BUNDLE:-")
    folders = [each for each in service(name)["volumes"] if not each.startswith(others)]
    assert folders
    assert all(each.rpartition(":")[2] in ("z", "ro,z") for each in folders)


@pytest.mark.parametrize("name", OURS)
def test_every_variable_of_a_run_reaches_the_container(name: str) -> None:
    given = service(name)["environment"]
    by_mount = {"PIPELINE_CONFIG_DIR"}
    assert {*VARIABLES, "HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY"} - by_mount <= {*given}
    assert "${PIPELINE_CONFIG_DIR:-./config}:/app/config:ro,z" in service(name)["volumes"]


def test_what_runs_in_the_image_is_an_unprivileged_user() -> None:
    """Root is left behind by the entry point and by every command that is called by its name."""
    entry = (REPOSITORY / "config/docker/entrypoint").read_text(encoding="utf-8")
    step_down = (REPOSITORY / "config/docker/as-pipeline").read_text(encoding="utf-8")
    assert entry.splitlines()[-1] == 'exec as-pipeline "$@"'
    last = step_down.splitlines()[-1]
    assert last.startswith("exec setpriv --reuid pipeline --regid pipeline --init-groups")
    assert "--no-new-privs" in last
    links = set(re.findall(r"ln -s as-pipeline /usr/local/bin/([\w-]+)", DOCKERFILE))
    assert links == {"luigi", "luigid", "tmdb-pipeline", "tmdb-scheduled"}
    assert "crontab -u pipeline" in entry
    assert all(service(each).get("user") is None for each in OURS)


def test_the_code_of_the_image_belongs_to_root() -> None:
    """So what is taken over in a container cannot change what it runs, even were / writable."""
    owned = re.findall(r"chown (?:-\w+ )?pipeline:pipeline (.*)", DOCKERFILE)
    assert owned == ["data data-demo work"]
    assert "COPY --chown" not in DOCKERFILE


def test_only_luigids_page_is_published_and_only_to_this_machine() -> None:
    assert service("luigid")["ports"] == ["127.0.0.1:8082:8082"]
    assert "ports" not in service("postgres")
    assert "ports" not in service("cron")
    assert "network_mode" not in TEXT


def test_the_database_is_on_a_network_without_a_way_out() -> None:
    assert service("postgres")["networks"] == ["history"]
    assert FILE["networks"]["history"] == {"internal": True}


def test_the_history_is_on_a_named_volume() -> None:
    assert "history:/var/lib/postgresql/data" in service("postgres")["volumes"]
    assert "history" in FILE["volumes"]


def test_cron_waits_for_no_other_service() -> None:
    """A night uses the local scheduler where luigid or the database does not start."""
    assert "depends_on" not in service("cron")


def test_luigid_waits_for_no_healthy_database() -> None:
    """It schedules without one, and writes the history as soon as PostgreSQL answers."""
    assert service("luigid")["depends_on"] == {"postgres": {"condition": "service_started"}}


def test_every_program_that_the_crontab_calls_is_a_command_of_the_image() -> None:
    links = set(re.findall(r"ln -s as-pipeline /usr/local/bin/([\w-]+)", DOCKERFILE))
    crontab = (REPOSITORY / "config/crontab").read_text(encoding="utf-8")
    jobs = re.findall(r"^[\d*]\S*(?: +\S+){4} +(.+)$", crontab, re.MULTILINE)
    called = {
        word for job in jobs for word in (job.split()[0], job.partition(" -- ")[2].split()[0])
    }
    assert len(jobs) == 6
    assert called == {"tmdb-scheduled", "luigi", "tmdb-pipeline"} <= links


def schedule(*words: str) -> str:
    """Return the schedule that the entry point gives to cron."""
    entry = (REPOSITORY / "config/docker/entrypoint").read_text(encoding="utf-8")
    (function,) = re.findall(r"^schedule\(\) \{\n.*?^\}\n", entry, re.M | re.S)
    script = ["bash", "-euc", f'{function}schedule "$@"', "bash", *words]
    return subprocess.run(
        script, cwd=REPOSITORY, check=True, capture_output=True, text=True
    ).stdout  # fmt: skip


def test_a_container_of_the_service_runs_has_the_two_runs_and_the_same_variables() -> None:
    whole = (REPOSITORY / "config/crontab").read_text(encoding="utf-8")
    assert schedule() == whole
    jobs = re.findall(r"^[^#\n]* tmdb-scheduled .*$", whole, re.M)
    assert schedule("runs").splitlines() == [
        line for line in whole.splitlines() if line not in jobs[2:]
    ]
    assert re.findall(r" tmdb-scheduled ([\w-]+) ", "\n".join(jobs[:2])) == ["daily", "weekly"]


def test_the_service_runs_is_cron_without_what_one_container_does_for_all() -> None:
    runs = SCALED["runs"]
    assert runs["extends"] == {"file": COMPOSE.name, "service": "cron"}
    assert runs["command"] == ["cron", "runs"]
    assert runs["hostname"] == ""  # each container its own, by which luigid's page names them
    own = runs["environment"]["PIPELINE_WORK_DIR"]
    assert own in runs["volumes"]
    assert f"data-demo {Path(own).name}\n" in DOCKERFILE
    assert set(runs) == {
        "extends", "command", "hostname", "environment", "volumes", "deploy"
    }  # fmt: skip


def test_the_limits_of_the_address_are_shared_by_all_that_make_runs() -> None:
    hosts = {name: each["environment"]["PIPELINE_HOSTS"] for name, each in SCALED.items()}
    number = SCALED["runs"]["deploy"]["replicas"] + 1
    assert hosts == dict.fromkeys(("cron", "runs"), f"${{PIPELINE_HOSTS:-{number}}}")


def test_there_is_no_default_for_what_is_secret() -> None:
    for name in ("POSTGRES_PASSWORD", "TMDB_API_KEY"):
        uses = re.findall(r"\$\{" + name + r"([^A-Z}][^}]*)?\}", TEXT)
        assert uses
        assert all(use.startswith(":?") for use in uses)
    for name in ("PIPELINE_LUIGID_PASSWORD", "PIPELINE_ALERT_URL", "PIPELINE_HEARTBEAT_URL"):
        assert "${" + name + ":-}" in TEXT


def test_the_password_is_in_no_address_and_no_argument() -> None:
    environment = FILE["x-environment"]
    assert environment["PIPELINE_HISTORY_URL"] == "postgresql://luigi@postgres:5432/luigi"
    for name in SERVICES:
        shown = json.dumps([service(name).get("command"), service(name)["healthcheck"]])
        assert "PASSWORD" not in shown


def test_the_superuser_is_not_the_role_of_luigid() -> None:
    environment = service("postgres")["environment"]
    assert (environment["POSTGRES_USER"], environment["POSTGRES_DB"]) == ("postgres", "luigi")


def test_the_images_are_of_named_versions() -> None:
    assert service("postgres")["image"] == "postgres:17-trixie"
    bases = re.findall(r"^FROM (\S+)", DOCKERFILE, re.MULTILINE)
    assert set(bases) == {"python:3.13-slim-trixie"}


def test_both_services_of_ours_run_one_image() -> None:
    assert len({service(name)["image"] for name in OURS}) == 1
    assert service("luigid")["build"] == service("cron")["build"]
    assert all(service(name)["init"] is True for name in OURS)


def test_real_and_made_up_films_have_folders_of_their_own() -> None:
    for name in OURS:
        volumes = service(name)["volumes"]
        assert "${PIPELINE_DATA_DIR:-./data}:/app/data:z" in volumes
        assert "./data-demo:/app/data-demo:z" in volumes


def test_nothing_enters_the_image_that_is_not_named() -> None:
    assert IGNORED[1] == "*"
    allowed = {line.removeprefix("!") for line in IGNORED if line.startswith("!")}
    assert not {".env", ".git", "data", "tests"} & allowed
    copied = {
        word
        for line in re.findall(r"^COPY ((?:.*\\\n)*.*)$", DOCKERFILE, re.MULTILINE)
        if "--from" not in line
        for word in line.replace("\\\n", " ").split()[:-1]
    }
    assert {word.partition("/")[0] for word in copied} <= allowed
    assert all((REPOSITORY / word).exists() for word in copied)


def test_no_secret_can_enter_the_image_by_its_build() -> None:
    assert set(re.findall(r"^ARG (\w+)", DOCKERFILE, re.MULTILINE)) == {
        "PIPELINE_GID",
        "PIPELINE_UID",
        "PIP_INDEX_URL",
    }
    assert not re.search(r"PASSWORD|API_KEY|TOKEN|SECRET", DOCKERFILE)


def test_the_image_holds_every_program_of_postgresql_that_a_backup_runs() -> None:
    programs = {"pg_dump", "pg_restore", "psql"}
    assert set(re.findall(r"/postgresql/usr/lib/postgresql/17/bin/(\w+)", DOCKERFILE)) == programs
    assert all(f"{program} --version" in DOCKERFILE for program in programs)


def test_the_image_gives_luigi_the_stacks_luigid() -> None:
    """The Dockerfile changes this very line; the build ends where it is not there."""
    ours = (REPOSITORY / "luigi.cfg").read_text(encoding="utf-8").splitlines()
    assert ours.count("scheduler_url = http://127.0.0.1:8082/") == 1


@pytest.mark.parametrize("path", sorted((REPOSITORY / "config/docker").iterdir()), ids=str)
def test_a_program_of_the_image_can_be_run(path: Path) -> None:
    assert os.access(path, os.X_OK)
    first = path.read_text(encoding="utf-8").splitlines()[0]
    if first == "#!/bin/bash":
        subprocess.run(["bash", "-n", str(path)], check=True)
    else:
        compile(path.read_bytes(), str(path), "exec")


@pytest.fixture
def docker() -> str:
    found = shutil.which("docker")
    if found is None:
        pytest.skip("there is no docker command")
    words = [found, "compose", "version"]
    if subprocess.run(words, capture_output=True, check=False).returncode:
        pytest.skip("docker has no compose")
    return found


_OF_THIS_MACHINE = ("POSTGRES_", "COMPOSE_", "AWS_", "PIPELINE_", "TMDB_", "REQUESTS_CA_BUNDLE")


def config(
    docker: str, folder: Path, dotenv: str, *files: Path
) -> subprocess.CompletedProcess[str]:
    """What compose makes of the file, and of further ones, with that .env."""
    (folder / "given.env").write_text(dotenv, encoding="utf-8")
    words = [docker, "compose", "--env-file", str(folder / "given.env")]
    words += [word for file in (COMPOSE, *files) for word in ("--file", str(file))]
    env = {k: v for k, v in os.environ.items() if not k.startswith(_OF_THIS_MACHINE)}
    return subprocess.run(
        [*words, "config", "--format", "json"],
        env=env, capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip


def test_compose_takes_a_password_of_any_characters(docker: str, tmp_path: Path) -> None:
    done = config(docker, tmp_path, f"TMDB_API_KEY=demo\nPOSTGRES_PASSWORD='{PASSWORD}'\n")

    assert done.returncode == 0, done.stderr
    services = json.loads(done.stdout)["services"]
    assert services["postgres"]["environment"]["POSTGRES_PASSWORD"].replace("$$", "$") == PASSWORD
    assert services["cron"]["environment"]["PGPASSWORD"].replace("$$", "$") == PASSWORD


@pytest.mark.parametrize("name", ["TMDB_API_KEY", "POSTGRES_PASSWORD"])
def test_compose_refuses_to_start_without(docker: str, tmp_path: Path, name: str) -> None:
    given = {"TMDB_API_KEY": "demo", "POSTGRES_PASSWORD": "x"} | {name: ""}
    done = config(docker, tmp_path, "".join(f"{key}={value}\n" for key, value in given.items()))

    assert done.returncode != 0
    assert f"set {name} in .env" in done.stderr


def test_another_data_root_is_mounted_in_the_place_of_data(docker: str, tmp_path: Path) -> None:
    dotenv = "TMDB_API_KEY=demo\nPOSTGRES_PASSWORD=x\nPIPELINE_DATA_DIR=/srv/tmdb\n"
    cron = json.loads(config(docker, tmp_path, dotenv).stdout)["services"]["cron"]

    mounts = {each["target"]: each["source"] for each in cron["volumes"]}
    assert mounts["/app/data"] == "/srv/tmdb"
    assert cron["environment"]["PIPELINE_DATA_DIR"] == "/app/data"


def test_a_bucket_is_the_data_root_and_the_folder_keeps_the_rest(
    docker: str, tmp_path: Path
) -> None:
    dotenv = "TMDB_API_KEY=demo\nPOSTGRES_PASSWORD=x\nPIPELINE_BUCKET=s3://movies/tmdb\n"
    dotenv += "AWS_ACCESS_KEY_ID=id\nAWS_SECRET_ACCESS_KEY=secret\n"
    services = json.loads(config(docker, tmp_path, dotenv, SCALE).stdout)["services"]

    for name, folder in (("luigid", "/app/data"), ("cron", "/app/data"), ("runs", "/app/work")):
        given = services[name]["environment"]
        assert (given["PIPELINE_DATA_DIR"], given["PIPELINE_WORK_DIR"]) == (
            "s3://movies/tmdb", folder
        )  # fmt: skip
        aws = {key: value for key, value in given.items() if key.startswith("AWS_") and value}
        assert aws == {"AWS_ACCESS_KEY_ID": "id", "AWS_SECRET_ACCESS_KEY": "secret"}
    assert "AWS_" not in json.dumps(services["postgres"])


def test_a_companys_certificates_are_mounted_and_named(docker: str, tmp_path: Path) -> None:
    dotenv = "TMDB_API_KEY=demo\nPOSTGRES_PASSWORD=x\n"
    cron = json.loads(config(docker, tmp_path, dotenv).stdout)["services"]["cron"]
    assert cron["environment"]["REQUESTS_CA_BUNDLE"] == ""

    dotenv += "REQUESTS_CA_BUNDLE=/srv/company.pem\n"
    cron = json.loads(config(docker, tmp_path, dotenv).stdout)["services"]["cron"]
    assert cron["environment"]["REQUESTS_CA_BUNDLE"] == "/app/certificates"
    [mount] = [each for each in cron["volumes"] if each["target"] == "/app/certificates"]
    assert (mount["source"], mount["read_only"]) == ("/srv/company.pem", True)


def test_compose_understands_the_labels(docker: str, tmp_path: Path) -> None:
    done = config(docker, tmp_path, "TMDB_API_KEY=demo\nPOSTGRES_PASSWORD=x\n")
    for found in json.loads(done.stdout)["services"].values():
        binds = [each for each in found["volumes"] if each["type"] == "bind"]
        binds = [each for each in binds if each["target"] != "/app/certificates"]
        assert binds
        assert all(each["bind"]["selinux"] == "z" for each in binds)
