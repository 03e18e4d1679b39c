"""A run that is forked from the zygote is as one of an interpreter of its own."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import textwrap
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from support.luigi_runs import run_command
from support.zygote import Zygote, current_umask, needs_new_interpreter, shared_zygote

SECONDS = 60

WriteScript = Callable[[str], str]


@pytest.fixture
def zygote() -> Zygote:
    """The zygote that all tests of this process share."""
    return shared_zygote()


@pytest.fixture
def script(tmp_path: Path) -> WriteScript:
    """Write a console script and return its path."""

    def write(code: str) -> str:
        path = tmp_path / "script"
        path.write_text(f"#!{sys.executable}\n{textwrap.dedent(code)}", encoding="utf-8")
        path.chmod(0o755)
        return str(path)

    return write


@pytest.mark.parametrize(
    ("end", "status"),
    [
        ("pass", 0),
        ("sys.exit()", 0),
        ("sys.exit(7)", 7),
        ("sys.exit('the reason')", 1),
        ("1 / 0", 1),
        ("os._exit(3)", 3),
        ("os.kill(os.getpid(), signal.SIGKILL)", -signal.SIGKILL),
        ("os.kill(os.getpid(), signal.SIGTERM)", -signal.SIGTERM),
    ],
)
def test_the_exit_status_is_that_of_the_script(
    zygote: Zygote, script: WriteScript, tmp_path: Path, end: str, status: int
) -> None:
    command = [script(f"import os, signal, sys\n{end}\n")]

    assert zygote.run(command, os.environ, tmp_path, SECONDS).status == status


def test_output_and_errors_come_apart_and_those_of_child_processes_with_them(
    zygote: Zygote, script: WriteScript, tmp_path: Path
) -> None:
    command = [
        script("""
            import subprocess, sys
            print("괴물", flush=True)
            print("a warning", file=sys.stderr, flush=True)
            subprocess.run(["sh", "-c", "echo of a child; echo child failed >&2"])
            sys.exit("the reason")
        """)
    ]

    ended = zygote.run(command, os.environ, tmp_path, SECONDS)

    assert ended.out == "괴물\nof a child\n"
    assert ended.err == "a warning\nchild failed\nthe reason\n"


def test_a_traceback_goes_to_the_errors(
    zygote: Zygote, script: WriteScript, tmp_path: Path
) -> None:
    ended = zygote.run([script("1 / 0\n")], os.environ, tmp_path, SECONDS)

    assert ended.out == ""
    assert ended.err.startswith("Traceback (most recent call last)")
    assert ended.err.endswith("ZeroDivisionError: division by zero\n")


def test_the_script_gets_its_arguments_its_variables_alone_its_folder_and_no_input(
    zygote: Zygote, script: WriteScript, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OF_THE_TESTS", "not for the run")
    path = script("""
        import os, sys
        print(__name__, sys.argv, sys.path[0])
        print(dict(os.environ), os.getcwd(), repr(sys.stdin.read()))
    """)
    folder = tmp_path / "working folder"
    folder.mkdir()
    env = {"PATH": "/usr/bin", "ONE": "a b"}

    ended = zygote.run([path, "--date", "2024-01-07"], env, folder, SECONDS)

    words, surroundings = ended.out.splitlines()
    assert words == f"__main__ {[path, '--date', '2024-01-07']} {tmp_path}"
    assert surroundings == f"{env} {folder} ''"


@pytest.mark.parametrize("umask", [0o022, 0o027, 0o077])
def test_files_get_the_umask_of_the_test(
    zygote: Zygote, script: WriteScript, tmp_path: Path, umask: int
) -> None:
    command = [script("open('made', 'w').close()\n")]

    before = os.umask(umask)
    try:
        zygote.run(command, os.environ, tmp_path, SECONDS)
    finally:
        os.umask(before)

    assert (tmp_path / "made").stat().st_mode & 0o777 == 0o666 & ~umask


def test_threads_that_read_the_umask_at_once_do_not_change_it() -> None:
    before, interval = current_umask(), sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    try:
        with ThreadPoolExecutor(8) as pool:
            found = set(pool.map(lambda _: current_umask(), range(4000)))
    finally:
        sys.setswitchinterval(interval)
        after = os.umask(before)

    assert found == {before}
    assert after == before


def test_each_run_has_its_own_time_zone(
    zygote: Zygote, script: WriteScript, tmp_path: Path
) -> None:
    command = [script("import time; print(time.strftime('%z', time.localtime(0)))\n")]

    shown = [
        zygote.run(command, {**os.environ, "TZ": zone}, tmp_path, SECONDS).out.strip()
        for zone in ("Asia/Seoul", "UTC", "Asia/Kolkata")
    ]

    assert shown == ["+0900", "+0000", "+0530"]


def test_a_run_that_takes_too_long_is_killed_and_the_next_one_works(
    zygote: Zygote, script: WriteScript, tmp_path: Path
) -> None:
    endless = [
        script("""
            import os, signal, time
            signal.signal(signal.SIGTERM, signal.SIG_IGN)
            print(os.getpid(), flush=True)
            while True:
                time.sleep(60)
        """)
    ]

    with pytest.raises(subprocess.TimeoutExpired) as caught:
        zygote.run(endless, os.environ, tmp_path, 2)

    with pytest.raises(ProcessLookupError):
        os.kill(int(caught.value.output), 0)
    assert zygote.run([script("print(1)\n")], os.environ, tmp_path, SECONDS).out == "1\n"


def test_runs_of_several_threads_go_on_at_once_and_each_gets_its_own_result(
    zygote: Zygote, script: WriteScript, tmp_path: Path
) -> None:
    """Each script ends only when all of them have started."""
    number = 5
    command = script("""
        import os, pathlib, sys, time
        mine, all_of_them = int(os.environ["MINE"]), int(sys.argv[1])
        started = pathlib.Path("..")
        (started / f"started-{mine}").touch()
        while len(list(started.glob("started-*"))) < all_of_them:
            time.sleep(0.01)
        print(mine, pathlib.Path.cwd().name)
        sys.exit(mine)
    """)

    def run(mine: int) -> tuple[int, str]:
        folder = tmp_path / f"folder-{mine}"
        folder.mkdir()
        env = {**os.environ, "MINE": str(mine)}
        ended = zygote.run([command, str(number)], env, folder, SECONDS)
        return ended.status, ended.out

    with ThreadPoolExecutor(number) as pool:
        results = list(pool.map(run, range(number)))

    assert results == [(mine, f"{mine} folder-{mine}\n") for mine in range(number)]


def test_a_run_imports_luigi_and_the_pipeline_anew_and_can_wait_for_its_children(
    zygote: Zygote, script: WriteScript, tmp_path: Path
) -> None:
    """So it reads its own configuration; and the zygote ignores SIGCHLD, a run must not."""
    command = [
        script("""
            import subprocess, sys
            print([name for name in ("luigi", "pipeline", "tornado") if name in sys.modules])
            print(subprocess.run(["sh", "-c", "exit 5"]).returncode)
        """)
    ]

    assert zygote.run(command, os.environ, tmp_path, SECONDS).out == "[]\n5\n"


@pytest.mark.parametrize(("setting", "shown"), [("default", True), ("", False)])
def test_warnings_are_shown_as_the_variable_says(
    zygote: Zygote, script: WriteScript, tmp_path: Path, setting: str, shown: bool
) -> None:
    command = [script("import warnings; warnings.warn('unclosed', ResourceWarning)\n")]

    ended = zygote.run(command, {**os.environ, "PYTHONWARNINGS": setting}, tmp_path, SECONDS)

    assert ("ResourceWarning: unclosed" in ended.err) == shown


@pytest.mark.parametrize(
    ("changes", "is_needed"),
    [
        ({"PYTHONUTF8": "0"}, True),
        ({"PYTHONPATH": "/elsewhere"}, True),
        ({"PYTHONIOENCODING": "latin-1"}, True),
        ({"LC_ALL": "C"}, True),
        ({"LC_CTYPE": "C"}, True),
        ({"LANG": "ko_KR.UTF-8"}, True),
        ({"LANGUAGE": "ko"}, True),
        ({"LD_PRELOAD": "library.so"}, True),
        ({"PYTHONDONTWRITEBYTECODE": None}, True),
        ({}, False),
        ({"PYTHONWARNINGS": "default"}, False),
        ({"TZ": "Asia/Seoul"}, False),
        ({"TMDB_API_KEY": "demo"}, False),
        ({"PATH": None}, False),
    ],
)
def test_what_only_a_new_interpreter_reads_needs_one(
    changes: dict[str, str | None], is_needed: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A variable of None is one that the tests have and the run does not get."""
    monkeypatch.setenv("PYTHONDONTWRITEBYTECODE", "1")
    env = {name: value for name, value in {**os.environ, **changes}.items() if value is not None}

    assert needs_new_interpreter(env) == is_needed


def test_a_command_gets_an_interpreter_of_its_own_where_it_needs_one(
    script: WriteScript, tmp_path: Path
) -> None:
    command = [script("import os, sys; print(os.getppid(), sys.stdout.encoding)\n")]

    forked = run_command(command, os.environ, tmp_path)
    own = run_command(command, {**os.environ, "PYTHONIOENCODING": "ascii"}, tmp_path)

    assert forked.out.split()[0] != str(os.getpid())
    assert own.out.split() == [str(os.getpid()), "ascii"]
