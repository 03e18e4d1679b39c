"""doctor looks at the bucket of the data root, and at nothing of it as at a file."""

from __future__ import annotations

import pytest
from support.luigi_runs import Run
from support.object_store import READER, SECRET, Proxy
from support.operate import Operate, findings

from pipeline.errors import StorageError
from pipeline.ops.doctor import object_store
from pipeline.storage import probe, s3_client
from pipeline.storage.documents import storage_of
from pipeline.storage.object_path import ObjectPath

OWN = ("data root", "store", "store clock", "conditional write", "work folder")


@pytest.fixture(autouse=True)
def settings_of_a_bucket(bucket: ObjectPath, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PIPELINE_DATA_DIR", str(bucket))


@pytest.fixture
def doctor(command: Operate, bucket: ObjectPath, proxy: Proxy) -> Operate:
    """Run doctor with the bucket as its data root, and the proxy in front of the store."""
    variables = {"PIPELINE_DATA_DIR": str(bucket), **proxy.store.variables(proxy.endpoint)}

    def run(*words: str, **changes: str | None) -> Run:
        return command("doctor", *words, TMDB_API_KEY="demo", **{**variables, **changes})

    return run


def test_where_all_is_well_doctor_finds_no_problem_with_a_bucket(
    doctor: Operate, bucket: ObjectPath, proxy: Proxy
) -> None:
    run = doctor("--json")
    found = findings(run)
    assert run.status == 0, run.output
    assert {name: found[name]["state"] for name in OWN} == dict.fromkeys(OWN, "ok")
    assert found["data root"]["found"] == f"{bucket} can be listed, written, read and deleted from"
    assert found["store"]["found"].endswith("answers and accepts the credentials")
    assert "free below" in found["disk"]["found"]
    assert "s3:" not in found["disk"]["found"], "a bucket has no free space"
    assert [each for each in found.values() if "the probe itself" in each["found"]] == []
    assert storage_of(bucket).list(bucket / "state") == [], "no probe is left behind"
    assert all(len(line) <= 80 for line in doctor().out.splitlines())


@pytest.mark.parametrize(
    ("method", "permission"),
    [("PUT", "s3:PutObject"), ("DELETE", "s3:DeleteObject"), ("HEAD", "s3:ListBucket")],
)
def test_a_permission_that_is_missing_is_named(
    bucket: ObjectPath, proxy: Proxy, method: str, permission: str
) -> None:
    proxy.always, proxy.error = (method, "403"), "<Error><Code>AccessDenied</Code></Error>"
    found = object_store.permissions()
    assert found.state == "problem"
    assert found.found == f"{bucket}: the store refuses {permission}"
    assert found.fix.startswith(f"Allow {permission} on the bucket")
    assert object_store.store().state == "ok"


def test_permissions_to_read_and_to_list_are_distinguished(proxy: Proxy) -> None:
    proxy.error = "<Error><Code>AccessDenied</Code></Error>"
    proxy.faults = [("GET", "403")]
    assert "refuses s3:ListBucket" in object_store.permissions().found
    proxy.always = ("GET", "403")
    assert "refuses s3:ListBucket, s3:GetObject" in object_store.permissions().found


def test_who_may_only_read_lacks_two_permissions(
    bucket: ObjectPath, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", READER)
    s3_client.forget_clients()
    found = object_store.permissions()
    assert found.found == f"{bucket}: the store refuses s3:PutObject, s3:DeleteObject"
    assert object_store.store().state == "ok"


@pytest.mark.parametrize("fault", ["503", "hang", "reset", "html"])
@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE", "*"])
def test_a_store_that_fails_is_reported_at_once_and_no_probe_is_left(
    doctor: Operate, bucket: ObjectPath, proxy: Proxy, method: str, fault: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    for module in (probe, s3_client):
        monkeypatch.setattr(module, "READ_SECONDS", 0.5)
    proxy.always = (method, fault)
    run = doctor("--json")
    found = findings(run)
    assert run.status == 1
    assert any(found[name]["state"] == "problem" for name in OWN)
    assert [each for each in found.values() if "the probe itself" in each["found"]] == []
    assert SECRET not in run.output
    proxy.always = None
    s3_client.forget_clients()
    if method in ("GET", "PUT"):
        assert storage_of(bucket).list(bucket / "state") == []


def test_a_probe_that_fails_once_its_object_is_written_leaves_none_behind(
    bucket: ObjectPath, proxy: Proxy
) -> None:
    proxy.always, proxy.answered_before = ("GET", "503"), 2  # the listing, and the write
    with pytest.raises(StorageError, match="answers 503"):
        object_store.permissions()
    proxy.always = None
    s3_client.forget_clients()
    assert "DELETE" in [method for method, _ in proxy.requests]
    assert storage_of(bucket).list(bucket / "state") == []


def test_a_second_write_that_is_not_refused_is_a_problem(bucket: ObjectPath, proxy: Proxy) -> None:
    proxy.always = ("PUT", "unconditional")
    found = object_store.conditional_write()
    assert found.state == "problem"
    assert "ignores `If-None-Match: *`" in found.found
    assert "one host at a time" in found.fix
    assert [method for method, _ in proxy.requests] == ["PUT", "PUT", "DELETE"]
    assert storage_of(bucket).list(bucket / "state") == []


@pytest.mark.parametrize(
    ("seconds", "state"), [(0, "ok"), (90, "warning"), (-90, "warning"), (700, "problem")]
)
def test_a_clock_that_differs_from_that_of_the_store_is_reported(
    proxy: Proxy, seconds: float, state: str
) -> None:
    proxy.seconds_ahead = seconds
    found = object_store.store_clock()
    assert found.state == state
    assert ("timedatectl" in found.fix) == (state != "ok")
    proxy.always, proxy.error = ("GET", "403"), "<Error><Code>RequestTimeTooSkewed</Code></Error>"
    assert object_store.store_clock().state == state, "a refusal has a date as well"


@pytest.mark.parametrize(
    ("name", "value", "sentence"),
    [
        ("AWS_SECRET_ACCESS_KEY", "wrong", "correct AWS_SECRET_ACCESS_KEY"),
        ("AWS_ACCESS_KEY_ID", None, "set AWS_ACCESS_KEY_ID"),
        ("AWS_ENDPOINT_URL", "http://127.0.0.1:9", "the store does not answer"),
        ("PIPELINE_DATA_DIR", "s3://no-such-bucket/a", "no such bucket: create it"),
        ("AWS_PROFILE", "missing", "correct the AWS_ variables or the profile"),
    ],
)
def test_settings_that_lead_to_no_store_are_problems_in_one_sentence(
    doctor: Operate, name: str, value: str | None, sentence: str
) -> None:
    run = doctor("--json", **{name: value})
    assert run.status == 1
    found = findings(run)
    assert "store" in found
    for name in ("data root", "store", "conditional write"):
        assert sentence in found[name]["found"]
        assert "Cannot" not in found[name]["found"], "doctor names the host instead"
        assert found[name]["state"] == "problem"
