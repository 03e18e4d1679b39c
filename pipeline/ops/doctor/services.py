"""The services: luigid, PostgreSQL, cron."""

from __future__ import annotations

from pipeline.errors import PipelineError
from pipeline.ops import luigi_configuration
from pipeline.ops import settings as ops_settings
from pipeline.ops.doctor.examine import OK, PROBLEM, WARNING, Finding
from pipeline.ops.history.store import NOT_SET, open_history
from pipeline.ops.luigid import client
from pipeline.ops.schedule import installed


def luigid() -> Finding:
    """See whether luigid answers, which one it is, and whether it is the hardened one."""
    url = luigi_configuration.scheduler_url()
    look = client.look(url, ops_settings.luigid_password())
    if look.refuses_password:
        fix = "Set PIPELINE_LUIGID_PASSWORD to the one that luigid was started with."
        return Finding("luigid", PROBLEM, f"{url}: {look.why}", fix)
    if not look.answers:
        return Finding("luigid", PROBLEM, f"{url}: {look.why}", "`tmdb-pipeline start` starts it.")
    if not look.hardened:
        found = f"{url}: a plain luigid answers ({look.server}): anybody may have tasks run by it"
        return Finding("luigid", WARNING, found, "Stop it, then `tmdb-pipeline start`.")
    return Finding("luigid", OK, f"{url}: hardened {look.server.replace('/', ' ')}")


def postgres() -> Finding:
    """See whether the history can be reached, its version, and that its tables are there."""
    url = ops_settings.history_url()
    if url is None:
        return Finding("postgres", WARNING, "no task history is kept", NOT_SET)
    try:
        with open_history(url) as store:
            version = store.ping()
            runs = store.runs(limit=1)
    except PipelineError as error:
        if "does not exist" in str(error) and "relation" in str(error):
            fix = "Start luigid with this PIPELINE_HISTORY_URL (`tmdb-pipeline restart`)."
            found = "the database answers, but the history's tables are not there"
            return Finding("postgres", PROBLEM, found, fix)
        fix = "Check that PostgreSQL runs; in the compose stack: docker compose logs postgres."
        return Finding("postgres", PROBLEM, str(error), fix)
    content = "the tables are there" if runs else "the tables are there, nothing has run yet"
    return Finding("postgres", OK, f"PostgreSQL {version}; {content}")


def cron() -> Finding:
    """See whether something starts the tasks by the clock, and whether it is of this version."""
    places = installed.installed()
    if not places:
        found = "nothing starts the pipeline by the clock: no crontab, no systemd timer"
        fix = "Install config/crontab or the timers as docs/operations.md says, or use compose."
        return Finding("cron", WARNING, found, fix)
    found = ", ".join(each.place for each in places)
    outdated = [f"{each.place}: {line}" for each in places for line in each.outdated]
    if outdated:
        fix = (
            "Install the lines of config/crontab or the units of config/systemd again, as "
            "docs/operations.md says; the old ones work, but do not catch up or alert as these do."
        )
        return Finding("cron", WARNING, f"outdated: {'; '.join(outdated)}", fix)
    if not any(each.catches_up for each in places):
        fix = "Add the catch-up line of config/crontab, or enable tmdb-catch-up.timer."
        return Finding("cron", WARNING, f"{found}; without the hourly catch-up", fix)
    return Finding("cron", OK, found)
