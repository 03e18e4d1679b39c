"""Settings: where they come from, what a bad one says, and that the credential stays unseen."""

from __future__ import annotations

import os
import pickle
import pwd
import traceback
from pathlib import Path
from typing import Any

import pytest
from support.fake_tmdb import V3_KEY
from support.repository import REPOSITORY
from support.settings_cache import clear_settings_cache

from pipeline import settings
from pipeline.errors import SettingsError
from pipeline.settings import Settings
from pipeline.storage.object_path import ObjectPath
from pipeline.tmdb.credential import Credential, Secret

TOKEN = "eyJhbGciOiJIUzI1NiJ9.eyJhdWQiOiJ4In0.c2lnbmF0dXJl"
DOTENV = Path(".env")
SHIPPED_PLAN = (REPOSITORY / "config/collection.toml").read_text(encoding="utf-8")


def refusal() -> SettingsError:
    """What asking for the settings fails with."""
    with pytest.raises(SettingsError) as caught:
        settings.current()
    return caught.value


def plan_refusal() -> SettingsError:
    """What asking for the plan fails with."""
    with pytest.raises(SettingsError) as caught:
        settings.current().plan()
    return caught.value


@pytest.fixture
def own_plan(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """A collection.toml of one's own, named by PIPELINE_CONFIG_DIR."""
    path = tmp_path / "my-config/collection.toml"
    path.parent.mkdir()
    path.write_text(SHIPPED_PLAN, encoding="utf-8")
    monkeypatch.setenv("PIPELINE_CONFIG_DIR", str(path.parent))
    return path


# Where values come from


def test_without_any_setting_the_defaults_are_the_contracts(clean_environment: Path) -> None:
    assert settings.current() == Settings(
        credential=None,
        language="ko-KR",
        region="KR",
        api_url="https://api.themoviedb.org/3",
        requests_per_second=38.0,
        max_retries=5,
        data_dir=clean_environment / "data",
        work_dir=None,
        hosts=1,
        config_dir=REPOSITORY / "config",
        log_format="text",
        export_purpose="",
    )


def test_all_can_be_set_by_the_environment(monkeypatch: pytest.MonkeyPatch, own_plan: Path) -> None:
    for name, value in {
        "PIPELINE_LOG_FORMAT": "json",
        "PIPELINE_EXPORT": "analysis",
        "TMDB_API_KEY": V3_KEY,
        "TMDB_LANGUAGE": "en",
        "TMDB_REGION": "US",
        "TMDB_API_URL": "http://localhost:8080/3/",
        "TMDB_REQUESTS_PER_SECOND": "0.5",
        "TMDB_MAX_RETRIES": "0",
        "PIPELINE_DATA_DIR": "s3://films/kr",
        "PIPELINE_WORK_DIR": "/srv/machine",
        "PIPELINE_HOSTS": "3",
    }.items():
        monkeypatch.setenv(name, value)
    assert settings.current() == Settings(
        credential=Credential(V3_KEY),
        language="en",
        region="US",
        api_url="http://localhost:8080/3",
        requests_per_second=0.5,
        max_retries=0,
        data_dir=ObjectPath("s3://films/kr"),
        work_dir=Path("/srv/machine/films-kr-d9b9360b"),
        hosts=3,
        config_dir=own_plan.parent,
        log_format="json",
        export_purpose="analysis",
    )


@pytest.mark.parametrize(("secret", "is_hidden"), [("7 signs", False), ("8 signs!", True)])
def test_a_text_of_eight_signs_is_a_secret(secret: str, is_hidden: bool) -> None:
    assert (secret not in Secret(secret).redact(f"with {secret}")) is is_hidden


def test_the_environment_wins_over_dotenv(monkeypatch: pytest.MonkeyPatch) -> None:
    DOTENV.write_text("TMDB_REGION=US\nTMDB_LANGUAGE=en-US\n", encoding="utf-8")
    monkeypatch.setenv("TMDB_REGION", "JP")
    now = settings.current()
    assert (now.region, now.language) == ("JP", "en-US")


@pytest.mark.parametrize("empty", ["", "  "])
def test_empty_counts_as_not_set(monkeypatch: pytest.MonkeyPatch, empty: str) -> None:
    DOTENV.write_text("TMDB_REGION=US\nTMDB_LANGUAGE=\nTMDB_API_KEY=''\n", encoding="utf-8")
    for name in settings.VARIABLES:
        monkeypatch.setenv(name, empty)
    now = settings.current()
    assert (now.region, now.language, now.credential) == ("US", "ko-KR", None)


def test_dotenv_may_be_written_as_shells_and_editors_do() -> None:
    DOTENV.write_text(
        f"\ufeff# 설정\n\nexport TMDB_REGION = \"US\"  # there\r\nTMDB_API_KEY='{V3_KEY}'\n"
        "SOMETHING_ELSE=with spaces\n",
        encoding="utf-8",
    )
    now = settings.current()
    assert (now.region, now.credential) == ("US", Credential(V3_KEY))


def test_the_files_are_read_once_by_a_process(own_plan: Path) -> None:
    DOTENV.write_text("TMDB_REGION=US\n", encoding="utf-8")
    before = settings.current()
    assert (before.region, before.plan().movie_list("popular").pages) == ("US", 5)
    DOTENV.write_text("TMDB_REGION=JP\n", encoding="utf-8")
    own_plan.write_text(SHIPPED_PLAN.replace("popular = 5", "popular = 12"), encoding="utf-8")
    assert settings.current() == before
    assert before.plan().movie_list("popular").pages == 5
    clear_settings_cache()
    assert settings.current().region == "JP"
    assert settings.current().plan().movie_list("popular").pages == 12


def test_a_changed_environment_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    seen = []
    for region in ("US", "JP"):
        monkeypatch.setenv("TMDB_REGION", region)
        seen.append(settings.current().region)
    assert seen == ["US", "JP"]


# A .env that cannot be used


def test_a_folder_as_dotenv_is_reported() -> None:
    DOTENV.mkdir()
    error = refusal()
    assert str(DOTENV.absolute()) in str(error)
    assert "Not a regular file" in str(error)


def test_a_dotenv_that_is_not_utf8_is_reported() -> None:
    DOTENV.write_bytes("# 설정\nTMDB_REGION=KR\n".encode("cp949"))
    error = refusal()
    assert str(DOTENV.absolute()) in str(error)
    assert "UTF-8" in str(error)


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("this is no setting\n", 1),
        ("TMDB_REGION=KR\nthis is no setting\nTMDB_LANGUAGE=ko-KR\n", 2),
        ("# a comment\n=KR\n", 2),
        ("TMDB_REGION=KR\nTMDB_LANGUAGE='ko-KR\n", 2),
        pytest.param(
            "TMDB_REGION=KR\n\n\nthis is no setting\n",
            4,
        ),
    ],
)
def test_a_broken_line_of_dotenv_is_named(text: str, line: int) -> None:
    DOTENV.write_text(text, encoding="utf-8")
    assert str(refusal()) == (
        f"{DOTENV.absolute()}, line {line}: write NAME=value there, or remove it."
    )


# Values that cannot be used

BAD_VALUES = {
    "TMDB_API_KEY": ["two words", "키", f"{V3_KEY}\n{V3_KEY}"],
    "TMDB_LANGUAGE": ["korean", "ko_KR", "KO-kr", "ko-", "ko-KR,en-US"],
    "TMDB_REGION": ["kr", "KOR", "K", "K R"],
    "TMDB_API_URL": [
        "http://localhost/\udcff",
        "api.themoviedb.org/3",
        "ftp://api.themoviedb.org/3",
        "https://",
        "https:///3",
        "https://user:word@host/3",
        "https://host/3?api_key=x",
        "https://host/3#x",
        "http://host:70000/3",
        "http://host:0/3",
        "http://[::1/3",
    ],
    "TMDB_REQUESTS_PER_SECOND": ["0", "0.09", "-1", "1001", "nan", "inf", "-inf", "fast", "1,5"],
    "TMDB_MAX_RETRIES": ["-1", "21", "2.5", "many", "1e1"],
    "PIPELINE_DATA_DIR": [
        "s3://B/films",
        "s3://",
        "s3://films/../kr",
        "s3://films/.",
        "gs://bucket",
        "file:///srv/films",
    ],
    "PIPELINE_HOSTS": ["0", "17", "two"],
}
BAD = [(name, value) for name, values in BAD_VALUES.items() for value in values]


@pytest.mark.parametrize(("name", "value"), BAD)
def test_a_bad_value_names_its_variable(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str
) -> None:
    monkeypatch.setenv(name, value)
    error = refusal()
    assert str(error).startswith(f"{name} has to be ")


def test_a_bad_value_in_dotenv_names_its_variable_too() -> None:
    DOTENV.write_text("TMDB_MAX_RETRIES=often\n", encoding="utf-8")
    assert str(refusal()) == (
        "TMDB_MAX_RETRIES has to be a whole number from 0 to 20; correct it in the environment "
        "or .env."
    )


def test_an_address_with_a_space_in_it_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TMDB_API_URL", "https://api. themoviedb.org/3")
    assert str(refusal()).startswith("TMDB_API_URL has to be ")


@pytest.mark.parametrize("address", ["gs://bucket/films", "az://films", "abfs://a@b/c", "s3a://b"])
def test_another_object_store_is_refused_with_the_one_that_works(
    monkeypatch: pytest.MonkeyPatch, address: str
) -> None:
    monkeypatch.setenv("PIPELINE_DATA_DIR", address)
    assert "s3://bucket/prefix, the only kind of object store" in str(refusal())


def test_data_roots_never_share_a_folder_for_what_stays_on_the_machine(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("PIPELINE_WORK_DIR", "/srv/machine")
    roots = ("s3://abc/d-e", "s3://abc-d/e", "s3://abc/d/e", "abc/d-e", "abc/d/e", "/srv/abc")
    folders = set()
    for root in roots:
        monkeypatch.setenv("PIPELINE_DATA_DIR", root)
        folders.add(settings.current().layout.logs)
    assert len(folders) == len(roots)
    assert all(folder.is_relative_to("/srv/machine") for folder in folders)


def test_without_a_key_the_error_says_where_to_get_one() -> None:
    with pytest.raises(SettingsError) as caught:
        settings.current().required_credential()
    assert "TMDB_API_KEY is not set" in str(caught.value)
    assert "https://www.themoviedb.org/settings/api" in str(caught.value)
    assert "TMDB_API_KEY=demo" in str(caught.value)


# Folders as people write them

HOME = "/home/mina"


@pytest.fixture(params=["environment", ".env"])
def set_folder(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Any:
    """Write a folder where nothing has expanded it: systemd, docker and `.env` do not."""
    monkeypatch.setenv("HOME", HOME)

    def set_(name: str, value: str) -> None:
        if request.param == ".env":
            DOTENV.write_text(f"{name}={value}\n", encoding="utf-8")
        else:
            monkeypatch.setenv(name, value)

    return set_


@pytest.mark.parametrize("name", ["PIPELINE_DATA_DIR", "PIPELINE_CONFIG_DIR"])
@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("~/tmdb", f"{HOME}/tmdb"),
        ("~", HOME),
        ("$HOME/tmdb", f"{HOME}/tmdb"),
        ("${HOME}/tmdb", f"{HOME}/tmdb"),
        ("/srv/my films", "/srv/my films"),
        ("/srv/o'brien/~/a-b_c.d", "/srv/o'brien/~/a-b_c.d"),
        ("/srv/영화", "/srv/영화"),
    ],
)
def test_a_folder_is_what_a_shell_would_have_made_of_it(
    set_folder: Any, name: str, written: str, meant: str
) -> None:
    set_folder(name, written)
    now = settings.current()
    found = now.data_dir if name == "PIPELINE_DATA_DIR" else now.config_dir
    assert str(found) == str(Path(meant))


@pytest.mark.parametrize("name", ["PIPELINE_DATA_DIR", "PIPELINE_CONFIG_DIR"])
@pytest.mark.parametrize(
    "written",
    [
        "~root/x",
        "$NOWHERE/x",
        "/srv/$HOMES",
        "$TMDB_API_KEY/x",
        "$(pwd)/x",
        "`pwd`/x",
        "${HOME:-/x}",
    ],
)
def test_what_only_a_shell_understands_is_refused(
    set_folder: Any, monkeypatch: pytest.MonkeyPatch, name: str, written: str
) -> None:
    monkeypatch.setenv("TMDB_API_KEY", V3_KEY)
    set_folder(name, written)
    error = refusal()
    assert str(error).startswith(f"{name} has to be a plain folder")
    assert V3_KEY not in str(error)


@pytest.mark.parametrize("written", ['"/srv/films"', "'/srv/films'"])
def test_quotes_that_no_shell_has_removed_are_refused(
    monkeypatch: pytest.MonkeyPatch, written: str
) -> None:
    """As in an environment file of docker; python-dotenv removes them."""
    monkeypatch.setenv("PIPELINE_DATA_DIR", written)
    assert "has to be a plain folder" in str(refusal())
    monkeypatch.delenv("PIPELINE_DATA_DIR")
    DOTENV.write_text(f"PIPELINE_DATA_DIR={written}\n", encoding="utf-8")
    clear_settings_cache()
    assert settings.current().data_dir == Path("/srv/films")


def test_home_is_known_where_the_environment_lacks_it(monkeypatch: pytest.MonkeyPatch) -> None:
    """As in a service of systemd."""
    monkeypatch.delenv("HOME")
    DOTENV.write_text("PIPELINE_DATA_DIR=$HOME/tmdb\n", encoding="utf-8")
    assert settings.current().data_dir == Path(pwd.getpwuid(os.getuid()).pw_dir) / "tmdb"


def test_a_relative_folder_counts_from_the_working_folder(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
        monkeypatch.chdir(tmp_path / name)
        assert settings.current().data_dir == tmp_path / name / "data"


# The demo's own folder


def test_the_demo_writes_to_a_folder_of_its_own(
    monkeypatch: pytest.MonkeyPatch, clean_environment: Path
) -> None:
    monkeypatch.setenv("TMDB_API_KEY", "demo")
    now = settings.current()
    assert now.data_dir == clean_environment / "data-demo"
    assert now.required_credential().is_demo


@pytest.mark.parametrize(
    "folder",
    [
        "elsewhere",
        "data",
        'it\'s "quoted"',
    ],
)
def test_the_demo_writes_where_it_is_set_to(
    monkeypatch: pytest.MonkeyPatch, clean_environment: Path, folder: str
) -> None:
    monkeypatch.setenv("TMDB_API_KEY", "demo")
    monkeypatch.setenv("PIPELINE_DATA_DIR", folder)
    assert settings.current().data_dir == clean_environment / folder


# The credential stays unseen


@pytest.mark.parametrize(("secret", "is_token"), [(V3_KEY, False), (TOKEN, True)])
def test_key_and_token_are_recognized_by_their_form(
    monkeypatch: pytest.MonkeyPatch, secret: str, is_token: bool
) -> None:
    monkeypatch.setenv("TMDB_API_KEY", secret)
    credential = settings.current().required_credential()
    assert (credential.secret, credential.is_token, credential.is_demo) == (secret, is_token, False)


@pytest.mark.parametrize("secret", [V3_KEY, TOKEN])
def test_the_credential_is_in_no_representation(
    monkeypatch: pytest.MonkeyPatch, secret: str
) -> None:
    monkeypatch.setenv("TMDB_API_KEY", secret)
    now = settings.current()
    credential = now.required_credential()
    shown = [repr(now), str(now), f"{now}", repr(credential), str(credential), f"{credential!r}"]
    assert [text for text in shown if secret in text] == []


@pytest.mark.parametrize(
    ("name", "value"),
    [
        *((name, value) for name, value in BAD if name != "TMDB_API_KEY"),
        ("TMDB_API_KEY", f"{V3_KEY} {V3_KEY}"),
    ],
)
def test_no_refusal_holds_the_credential(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str
) -> None:
    monkeypatch.setenv("TMDB_API_KEY", V3_KEY)
    monkeypatch.setenv(name, value)
    error = refusal()
    shown = "".join(traceback.format_exception(error)) + repr(error) + repr(error.facts)
    assert V3_KEY not in shown
    assert V3_KEY.encode() not in pickle.dumps(error)


@pytest.mark.parametrize("secret", [V3_KEY, TOKEN])
def test_a_key_with_a_typing_error_in_its_line_of_dotenv_is_not_shown(secret: str) -> None:
    DOTENV.write_text(f"TMDB_API_KEY {secret}\n", encoding="utf-8")
    assert secret not in "".join(traceback.format_exception(refusal()))


@pytest.mark.parametrize("secret", [V3_KEY, TOKEN])
def test_the_credential_is_taken_out_of_any_text(
    monkeypatch: pytest.MonkeyPatch, secret: str
) -> None:
    monkeypatch.setenv("TMDB_API_KEY", secret)
    assert settings.redacted(f"GET /3?api_key={secret}&page=1, Bearer {secret}") == (
        "GET /3?api_key=[credential]&page=1, Bearer [credential]"
    )


def test_a_credential_from_dotenv_is_taken_out_too() -> None:
    DOTENV.write_text(f"TMDB_API_KEY={V3_KEY}\n", encoding="utf-8")
    assert settings.redacted(f"?api_key={V3_KEY}") == "?api_key=[credential]"


def test_without_a_credential_a_text_stays_as_it_is() -> None:
    assert settings.redacted("nothing secret") == "nothing secret"


def test_the_word_demo_is_not_taken_out_of_texts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TMDB_API_KEY", "demo")
    assert settings.redacted("the demo catalogue") == "the demo catalogue"


@pytest.mark.parametrize(("name", "value"), [("TMDB_REGION", "kr"), ("TMDB_MAX_RETRIES", "many")])
def test_the_credential_is_taken_out_whatever_else_is_wrong(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str
) -> None:
    monkeypatch.setenv("TMDB_API_KEY", V3_KEY)
    monkeypatch.setenv(name, value)
    assert settings.redacted(f"?api_key={V3_KEY}") == "?api_key=[credential]"


# What is collected


def test_the_shipped_plan_is_found_from_anywhere() -> None:
    assert [genre.slug for genre in settings.current().plan().genres][:2] == ["action", "comedy"]


def test_a_plan_in_the_working_folder_comes_before_the_shipped_one() -> None:
    Path("config").mkdir()
    changed = SHIPPED_PLAN.replace("popular = 5", "popular = 3")
    Path("config/collection.toml").write_text(changed, encoding="utf-8")
    assert settings.current().plan().movie_list("popular").pages == 3


def test_a_missing_plan_says_where_it_was_looked_for(own_plan: Path) -> None:
    own_plan.unlink()
    error = plan_refusal()
    assert str(error).startswith(f"{own_plan} cannot be read: No such file or directory; ")
    assert "PIPELINE_CONFIG_DIR" in str(error)


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (b"[pages\npopular = 5", "line 1"),
        (b"max_days_late = -1\nmax_days_late = 0\n", "line 2"),
        (SHIPPED_PLAN.encode("cp949"), "utf-8"),
        (b"\x00\x01\x02", "line 1"),
    ],
)
def test_a_damaged_plan_says_which_file_and_why(own_plan: Path, content: bytes, why: str) -> None:
    own_plan.write_bytes(content)
    error = plan_refusal()
    assert str(error).startswith(f"{own_plan} cannot be read: ")
    assert why in str(error)


def test_a_folder_in_the_plans_place_is_reported(own_plan: Path) -> None:
    own_plan.unlink()
    own_plan.mkdir()
    assert str(plan_refusal()).startswith(f"{own_plan} cannot be read: Not a regular file; ")


def test_a_folder_of_settings_that_cannot_be_looked_into_is_reported(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """As one without permission, but so that root meets it too."""
    monkeypatch.setenv("PIPELINE_CONFIG_DIR", "x" * 300)
    with pytest.raises(SettingsError, match=r"cannot be read: File name too long"):
        settings.current().thresholds()


def test_an_unusable_plan_names_the_spot(own_plan: Path) -> None:
    own_plan.write_text(SHIPPED_PLAN.replace("popular = 5", "popular = 0"), encoding="utf-8")
    assert "pages.popular is unusable: expected `int` >= 1" in str(plan_refusal())


def test_an_unusable_plan_names_the_file_that_was_read(own_plan: Path) -> None:
    own_plan.write_text(SHIPPED_PLAN.replace("popular = 5", "popular = 0"), encoding="utf-8")
    assert str(own_plan) in str(plan_refusal())


@pytest.mark.parametrize("written", ["pass%40word1", "pass@word1"])
def test_the_history_s_password_is_hidden_as_written_and_as_meant(
    monkeypatch: pytest.MonkeyPatch, written: str
) -> None:
    monkeypatch.setenv("PIPELINE_HISTORY_URL", "postgresql://luigi:pass%40word1@db:5432/luigi")

    assert written not in settings.redacted(f"cannot log in with {written} at db")


@pytest.mark.parametrize("name", ["PIPELINE_LUIGID_PASSWORD", "PIPELINE_ALERT_URL"])
def test_other_secrets_are_hidden_too(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    monkeypatch.setenv(name, "s3cr3t-value")

    assert settings.redacted("it was s3cr3t-value") == "it was [credential]"


# What a run hands on to its processes


def test_what_a_run_sets_is_handed_on_to_other_processes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(settings.RUN_LOG, raising=False)
    assert settings.run_variable(settings.RUN_LOG) is None
    settings.set_run_variable(settings.RUN_LOG, Path("/data/logs/run.log"))
    assert settings.run_variable(settings.RUN_LOG) == os.environ[settings.RUN_LOG]
    assert settings.run_variable(settings.RUN_LOG) == "/data/logs/run.log"
    settings.set_run_variable(settings.RUN_LOG, None)
    assert settings.run_variable(settings.RUN_LOG) is None
