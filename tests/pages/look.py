"""Makes sixty days of pages in both languages and has a browser and axe-core look at them."""

from __future__ import annotations

import base64
import datetime
import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[1]))

from support.browser import BROKEN_WORDS, Page, browser
from support.repository import REPOSITORY

LAST = datetime.date(2026, 3, 1)
WHOLE = LAST - datetime.timedelta(days=2)
"""A day whose day before is there."""
DAYS = 60
MISSING_DAYS = {1, 9, 24, 25, 26, 38, 39}
"""Days back that are left out."""
MISSING_WEEKS = {35}
BAD = LAST + datetime.timedelta(days=1)
"""A day whose popular list is junk, as in March 2025."""

LARGEST_BYTES = 1_500_000
PRINTED = "print"
SCREENS = ((1280, "light"), (1280, "dark"), (390, "light"), (390, "dark"), (794, PRINTED))
"""Widths and colour schemes; the last one is a printed sheet of A4."""

MAKE = """
import datetime, json, sys
import luigi, pipeline
from pipeline.documents import due_times
from pipeline.documents.due_times import DueTime
last, days = datetime.date.fromisoformat(sys.argv[1]), int(sys.argv[2])
no_days, no_weeks = ({int(n) for n in each.split(",")} for each in sys.argv[3:5])
for back in range(days - 1, -1, -1):
    date = last - datetime.timedelta(days=back)
    tasks = [pipeline.DailySummary(date=date)] if back not in no_days else []
    if date.weekday() == 6 and back not in no_weeks:
        tasks.append(pipeline.WeeklyConsolidation(date=date))
    assert luigi.build(tasks, local_scheduler=True, log_level="ERROR")
    assert luigi.build([pipeline.IndexPage(date=date)], local_scheduler=True, log_level="ERROR")
bad = last + datetime.timedelta(days=1)
with open(pipeline.PopularMovies(date=last).path) as file:
    junk = json.load(file)
for number, movie in enumerate(junk["movies"]):
    movie |= {"id": movie["id"] + 5_000_000, "title": f"Untitled {number}"}
    movie |= {"vote_count": number % 3, "overview": "", "poster_path": None}
junk["collection_info"]["collection_date"] = bad.isoformat()
with open(pipeline.PopularMovies(date=bad).path, "w") as file:
    json.dump(junk, file)
state = pipeline.PopularMovies(date=bad).layout.due_times
day = datetime.datetime(last.year, last.month, last.day, 2, tzinfo=datetime.UTC)
times = [("DailySummary", day + datetime.timedelta(days=n)) for n in range(15)]
times += [("WeeklyConsolidation", day.replace(year=last.year + 9))]
state.parent.mkdir(exist_ok=True)
noted = [DueTime(task, at.date(), at) for task, at in times]
state.write_bytes(due_times.encode(noted))
bad_day = pipeline.DailySummary(date=bad)
for task in (bad_day, pipeline.TrendsPage(date=last), pipeline.IndexPage(date=bad)):
    assert luigi.build([task], local_scheduler=True, log_level="ERROR")
"""


def made(folder: Path, language: str) -> Path:
    """Make the days, weeks and pages of a language; return the folder of the pages."""
    data = folder / f"data-{language}"
    environment = {
        **os.environ,
        "TMDB_API_KEY": "demo",
        "TMDB_LANGUAGE": language,
        "PIPELINE_DATA_DIR": str(data),
        "LUIGI_CONFIG_PATH": str(REPOSITORY / "luigi.cfg"),
    }
    numbers = [",".join(map(str, sorted(each))) for each in (MISSING_DAYS, MISSING_WEEKS)]
    words = [LAST.isoformat(), str(DAYS), *numbers]
    subprocess.run(
        [sys.executable, "-c", MAKE, *words],
        env=environment, cwd=folder, check=True, stdout=subprocess.DEVNULL,
    )  # fmt: skip
    return data / "reports"


def look(page: Page, path: Path, width: int, scheme: str, picture: Path) -> list[str]:
    """Show a page and return what is wrong with it."""
    is_printed = scheme == PRINTED
    features = [{"name": "prefers-color-scheme", "value": "light" if is_printed else scheme}]
    page._send("Emulation.setEmulatedMedia", media=PRINTED if is_printed else "", features=features)
    page._send(
        "Emulation.setDeviceMetricsOverride",
        width=width, height=900, deviceScaleFactor=1, mobile=width < 500,
    )  # fmt: skip
    page.open(path.as_uri())
    wide = page.evaluate("document.documentElement.scrollWidth")
    height = page.evaluate("document.documentElement.scrollHeight")
    clip = {"x": 0, "y": 0, "width": width, "height": min(height, 12_000), "scale": 1}
    shot = page._send("Page.captureScreenshot", captureBeyondViewport=True, clip=clip)
    picture.write_bytes(base64.b64decode(shot["data"]))
    wrong = [f"is {wide} pixels wide"] if wide > width else []
    wrong += [f"cut: {each}" for each in page.evaluate(CUT)]
    wrong += [f"breaks a word: {each}" for each in page.evaluate(BROKEN)]
    if is_printed:
        wrong += [f"cut in print: {each}" for each in page.evaluate(CUT_IN_PRINT)]
        wrong += ["hides the arrows in print"] if page.evaluate(HIDES_ARROWS) else []
    return wrong


CUT = """
[...document.querySelectorAll("h1, h2, h3, th, td, p, li, dd, dt, .badge, figcaption")]
  .filter(e => e.offsetParent && !e.closest(".sr, .scroll, [class*=sr]"))
  .filter(e => e.scrollWidth > e.clientWidth + 1 && getComputedStyle(e).overflowX !== "visible")
  .map(e => e.tagName + ": " + e.textContent.trim().slice(0, 60))
"""


BROKEN = BROKEN_WORDS.replace("SELECTOR", "th, td, .badge, .count, h1, h2, h3")


CUT_IN_PRINT = """
[...document.querySelectorAll(".scroll")]
  .filter(e => e.offsetParent && e.scrollWidth > e.clientWidth + 1)
  .map(e => e.getAttribute("aria-label"))
"""
HIDES_ARROWS = """
[...document.querySelectorAll(".move.rise")]
  .some(e => !e.offsetHeight && !e.closest("tr:nth-child(n+21)"))
"""


def faults_by_axe(page: Page, axe: str) -> list[dict[str, Any]]:
    """Return what axe-core finds in the page that is open."""
    page._send("Runtime.evaluate", expression=axe)
    page._send(
        "Runtime.evaluate",
        expression="window.found = null; axe.run(document).then(r => window.found = r)",
    )
    text = page.wait_for("window.found && JSON.stringify(window.found.violations)", seconds=60)
    found: list[dict[str, Any]] = json.loads(text)
    return found


def main(folder: Path) -> int:
    """Look at everything; return how many faults were found."""
    axe = (folder / "node_modules/axe-core/axe.min.js").read_text(encoding="utf-8")
    faults = 0
    with tempfile.TemporaryDirectory() as scratch, browser(Path(scratch)) as page:
        page._send("Page.setBypassCSP", enabled=True)
        for language in ("ko-KR", "en-US"):
            started_at = time.monotonic()
            reports = made(Path(scratch), language)
            print(f"{language}: made in {time.monotonic() - started_at:.0f} s")
            shown = {
                "daily": reports / f"daily/daily_{WHOLE:%Y%m%d}.html",
                "daily-after-a-gap": reports / f"daily/daily_{LAST:%Y%m%d}.html",
                "weekly": max((reports / "weekly").glob("*.html")),
                "trends": max((reports / "trends").glob("*.html")),
                "bad-day": reports / f"daily/daily_{BAD:%Y%m%d}.html",
                "index": reports / "index.html",
            }
            for name, path in shown.items():
                size = path.stat().st_size
                for width, scheme in SCREENS:
                    title = f"{name}-{language[:2]}-{width}-{scheme}"
                    wrong = look(page, path, width, scheme, folder / f"{title}.png")
                    wrong += [
                        f"{each['id']} ({each['impact']}): {node['html'][:120]}"
                        for each in faults_by_axe(page, axe)
                        for node in each["nodes"][:3]
                    ]
                    wrong += [f"{size} bytes"] if size > LARGEST_BYTES else []
                    faults += len(wrong)
                    print(f"{title:<34} {size / 1000:>5.0f} kB  {'; '.join(wrong) or 'good'}")
    print(f"{faults} faults; the screenshots are in {folder}")
    return min(faults, 1)


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]).absolute()))
