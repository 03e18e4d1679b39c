"""The names by which luigid may be asked for, and the passwords that it accepts."""

from __future__ import annotations

import base64
import hashlib
from pathlib import Path

import pytest
from support.luigid_process import PASSWORD, login

from pipeline.ops.luigid.policy import Policy, Refused
from pipeline.tmdb.credential import Secret


@pytest.fixture
def policy(tmp_path: Path) -> Policy:
    page = tmp_path / "index.html"
    page.write_text("<script>work()</script>")
    return Policy("2001:db8::1", ["Scheduler.Example", "gate:8082"], Secret(PASSWORD), page)


@pytest.mark.parametrize(
    "host",
    [
        *("localhost", "LOCALHOST.:1", "127.0.0.1:8082", "[::1]", "[::1]:8082"),
        *("[2001:db8::1]:80", "scheduler.example:8082", "gate", "gate:1"),
    ],
)
def test_the_names_of_this_machine_and_those_allowed_are_accepted(
    host: str, policy: Policy
) -> None:
    policy.refuse_foreign_host(host)


@pytest.mark.parametrize(
    "host",
    [
        *("", ":8082", "[half", "::", "user@", "localhost@evil.example", "localhost.evil.example"),
        *("evil.example", "127.0.0.1.evil.example", "127.0.0.2", "[::2]", "xn--localhost", " "),
    ],
)
def test_any_other_name_and_what_is_none_is_refused(host: str, policy: Policy) -> None:
    with pytest.raises(Refused) as caught:
        policy.refuse_foreign_host(host)
    assert caught.value.status == 421


@pytest.mark.parametrize(
    "authorization",
    [
        *("", "Basic", "Basic ?", "Bearer x", login("wrong"), login(PASSWORD, "root")),
        *(login(PASSWORD)[:-1], login(PASSWORD) + "A", login(PASSWORD).replace("Basic ", "")),
    ],
)
def test_only_the_password_lets_a_request_pass(authorization: str, policy: Policy) -> None:
    with pytest.raises(Refused) as caught:
        policy.refuse_stranger(authorization, "192.0.2.1")
    assert caught.value.status == 401
    assert PASSWORD not in str(caught.value)
    policy.refuse_stranger(login(PASSWORD), "192.0.2.1")
    policy.refuse_stranger(login(PASSWORD).replace("Basic", "basic"), "192.0.2.1")


def test_the_script_of_the_page_may_run_by_its_hash(policy: Policy) -> None:
    scripts = policy.headers["Content-Security-Policy"].split("script-src ")[1].split(";")[0]
    digest = base64.b64encode(hashlib.sha256(b"work()").digest()).decode()
    assert scripts == f"'self' 'sha256-{digest}'"
