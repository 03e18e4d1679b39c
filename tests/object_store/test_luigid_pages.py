"""The pages of a data root in a bucket, as luigid serves them."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from support.luigid_process import Luigid, our_luigid
from support.object_store import Proxy
from support.waiting import wait_for

from pipeline.ops.luigid.report_pages import MAX_SECONDS
from pipeline.paths import Layout
from pipeline.storage import documents
from pipeline.storage.object_path import ObjectPath


@pytest.fixture
def layout(bucket: ObjectPath, tmp_path: Path) -> Layout:
    """A data root with an index page, and a list that is larger than luigid serves."""
    layout = Layout(bucket, tmp_path / "work")
    documents.replace(layout.index_page, "<!DOCTYPE html><title>모든 날</title>")
    documents.replace(bucket / "raw/movies/daily/whole.json", '{"movies": []}\n')
    documents.replace(bucket / "raw/movies/daily/large.json", b" " * 32_000_001)
    return layout


@pytest.fixture
def luigid(layout: Layout, proxy: Proxy, tmp_path: Path) -> Iterator[Luigid]:
    """The hardened luigid of that data root."""
    variables = proxy.store.variables(proxy.endpoint)
    variables |= {"PIPELINE_DATA_DIR": str(layout.root), "PIPELINE_WORK_DIR": str(layout.work)}
    with our_luigid(tmp_path / "luigid", **variables) as started:
        yield started


def test_pages_and_documents_come_from_the_bucket_and_logs_from_the_machine(
    luigid: Luigid, layout: Layout
) -> None:
    [work] = layout.work.iterdir()
    (work / "logs").mkdir()
    (work / "logs/run.log").write_text("a line\n", encoding="utf-8")
    for address, text in {
        "/pages/": "<!DOCTYPE html><title>모든 날</title>",
        "/raw/movies/daily/whole.json": '{"movies": []}\n',
        "/logs/run.log": "a line\n",
    }.items():
        answer = luigid.ask("GET", address)
        assert (answer.status, answer.text) == (200, text), address
        again = luigid.ask("GET", address, If_None_Match=answer.headers["Etag"])
        assert again.status == 304


def test_what_the_bucket_does_not_hold_or_is_too_large_is_one_sentence(luigid: Luigid) -> None:
    absent = luigid.ask("GET", "/pages/daily/daily_20240107.html")
    assert absent.status == 404
    assert "`luigi --module pipeline DailyPage --date 2024-01-07` makes it" in absent.text
    large = luigid.ask("GET", "/raw/movies/daily/large.json")
    assert large.status == 503
    assert "it has 32,000,001 bytes, more than 32,000,000" in large.text


def test_a_bucket_that_hangs_holds_up_no_call_of_a_run(luigid: Luigid, proxy: Proxy) -> None:
    proxy.requests.clear()
    proxy.always = ("*", "hang")
    with ThreadPoolExecutor(6) as browsers:
        pages = [browsers.submit(luigid.ask, "GET", "/pages/") for _ in range(6)]
        wait_for(lambda: len(proxy.requests) >= 4)
        assert luigid.call("get_work", worker="Worker(of a run)").response["task_id"] is None
        assert not any(each.done() for each in pages)
        answers = [each.result() for each in pages]
    assert {each.status for each in answers} == {503}
    assert f"was not read in {MAX_SECONDS:.0f} s" in answers[0].text
