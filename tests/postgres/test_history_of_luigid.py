"""What luigid itself tells its history, and what of it is in the database."""

from __future__ import annotations

import json
import time
from pathlib import Path

from support.fake_tmdb import V3_KEY
from support.luigid_process import CONFIGURATION, our_luigid, popular

from pipeline.ops.history.store import HistoryStore
from pipeline.tmdb.credential import Secret

DAILY = popular(worker="w1")


def test_the_history_of_a_failed_a_lost_and_a_repeated_run_is_in_the_database(
    history_url: str, tmp_path: Path
) -> None:
    configuration = CONFIGURATION + "[tmdb_pipeline]\ndaily_retry_delay = 0.1\n"
    configuration = configuration.replace("disconnect_delay = 30", "disconnect_delay = 0.5")
    variables = {"PIPELINE_HISTORY_URL": history_url, "TMDB_API_KEY": V3_KEY}
    with our_luigid(tmp_path, configuration=configuration, **variables) as luigid:
        failed = {**DAILY, "status": "FAILED", "expl": json.dumps(f"refused {V3_KEY}")}
        luigid.call("add_task", **DAILY)
        assert luigid.call("get_work", worker="w1", host="here").response["task_id"]
        luigid.call("add_task", **failed)
        deadline = time.monotonic() + 20
        while luigid.call("get_work", worker="w1", host="here").response["task_id"] is None:
            assert time.monotonic() < deadline
        while luigid.status_of(DAILY["task_id"]) == "RUNNING":
            assert time.monotonic() < deadline
            time.sleep(0.1)
        assert luigid.ask("GET", "/history").status == 200
        assert "tmdb_history_up" in luigid.ask("GET", "/metrics").text
        assert luigid.stop() == 0
    runs = HistoryStore(Secret(history_url)).runs()
    assert [run.outcome for run in runs][-2:] == ["FAILED", "FAILED"]
    reasons = [run.reason for run in runs if run.outcome == "FAILED"]
    assert "its worker is gone" in reasons
    assert any(reason and reason.startswith("refused ") for reason in reasons)
    assert V3_KEY not in str(runs)
