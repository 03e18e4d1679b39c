"""The pages below /pages/ as luigid serves them: what is there, and nothing else of the disk.

luigid runs as a process of its own, as everywhere; strangers send what they would send.
"""

from __future__ import annotations

import base64
import datetime
import hashlib
import os
import re
import shutil
from email.utils import parsedate_to_datetime
from pathlib import Path
from urllib.parse import urljoin

import pytest
from support.browser import browser
from support.luigi_runs import LuigiRun
from support.luigid_process import PASSWORD, Answer, Luigid, login, our_luigid
from support.repository import REPOSITORY

from pipeline import clock
from pipeline.ops import reports
from pipeline.paths import Layout

DAY = datetime.date(2024, 1, 7)
EARLIER = datetime.date(2023, 12, 31)
SECRET = "not for the browser"
INDEX, DAILY, WEEKLY, TRENDS = (
    "/pages/",
    "/pages/daily/daily_20240107.html",
    "/pages/weekly/weekly_1_20240107.html",
    "/pages/trends/trends_1_20240107.html",
)
SCRIPT = (REPOSITORY / "pipeline/pages/page.js").read_text(encoding="utf-8").strip()
HOSTILE = f"""<!DOCTYPE html><html lang="ko"><meta charset="utf-8"><title>영화</title>
<p style="color: rgb(1, 2, 3)">영화</p>
<script>window.stolen = 1</script><script>{SCRIPT} window.stolen = 1</script>
<img src=x onerror="window.stolen = 1"><svg onload="window.stolen = 1"></svg>
<a href="javascript:window.stolen = 1">영화</a>"""


def written(path: Path, text: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    return path


def fill(root: Path) -> None:
    """Lay down a page of each kind, and beside them what is nobody's business."""
    layout = Layout(root)
    written(layout.index_page, "<!DOCTYPE html><title>모든 날</title>")
    written(layout.daily_page(DAY), "<!DOCTYPE html><title>하루</title>")
    written(layout.weekly_page(DAY), "<!DOCTYPE html><title>일주일</title>")
    written(layout.trends_page(DAY), "<!DOCTYPE html><title>추이</title>")
    for place in ("state/luigid.pid", "reports/.env", "reports/daily/notes.html", "reports/x.html"):
        written(root / place, SECRET)
    for place in ("reports/daily/.daily_20240107.html", "reports/daily/daily_20240107.html.tmp"):
        written(root / place, SECRET)
    written(layout.pages / "weekly/weekly_2_20240107.html", SECRET)
    written(layout.pages / "daily/daily_20240230.html", SECRET)


@pytest.fixture(scope="module")
def luigid(ours: Luigid) -> Luigid:
    """The hardened luigid, with pages in its data root."""
    fill(ours.data_dir)
    return ours


@pytest.fixture(scope="module")
def locked_pages(locked: Luigid) -> Luigid:
    """The luigid with a password, with pages in its data root."""
    fill(locked.data_dir)
    return locked


def content_policy(answer: Answer) -> dict[str, list[str]]:
    """Each directive of the answer's Content-Security-Policy with its values."""
    [header] = answer.headers.get_all("Content-Security-Policy") or []
    words = [directive.split() for directive in header.split(";")]
    return {name: values for name, *values in words}


def script_hash(text: str) -> str:
    digest = base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
    return f"'sha256-{digest}'"


def assert_absent(answer: Answer) -> None:
    """Assert that the answer is 404 and one sentence, with nothing of any file."""
    assert answer.status == 404
    assert answer.text.count("\n") == 1
    assert answer.text.endswith(".\n")
    assert answer.headers["Content-Type"] == "text/plain; charset=UTF-8"
    assert SECRET not in answer.text


@pytest.mark.parametrize(
    ("path", "title"),
    [
        (INDEX, "모든 날"),
        ("/pages/index.html", "모든 날"),
        (DAILY, "하루"),
        (WEEKLY, "일주일"),
        (TRENDS, "추이"),
        (DAILY + "?utm=1", "하루"),
    ],
)
def test_a_page_is_served_byte_for_byte(path: str, title: str, luigid: Luigid) -> None:
    answer = luigid.ask("GET", path)
    assert (answer.status, answer.text) == (200, f"<!DOCTYPE html><title>{title}</title>")
    assert answer.headers["Content-Type"] == "text/html; charset=UTF-8"
    assert answer.headers["Content-Length"] == str(len(answer.text.encode()))


def test_an_address_without_its_last_slash_is_redirected(luigid: Luigid) -> None:
    for method in ("GET", "HEAD"):
        answer = luigid.ask(method, "/pages")
        assert (answer.status, answer.headers["Location"]) == (302, INDEX)


@pytest.mark.parametrize("path", [INDEX, DAILY, WEEKLY])
def test_a_head_request_has_the_same_headers_without_the_page(path: str, luigid: Luigid) -> None:
    got, head = luigid.ask("GET", path), luigid.ask("HEAD", path)
    assert (head.status, head.text) == (200, "")
    assert [each for each in head.headers.items() if each[0] != "Date"] == [
        each for each in got.headers.items() if each[0] != "Date"
    ]


def test_a_cached_page_is_not_sent_again_until_it_changes(
    luigid: Luigid,
) -> None:
    path = Layout(luigid.data_dir).daily_page(DAY + datetime.timedelta(days=1))
    address = "/pages/daily/daily_20240108.html"
    written(path, "first")
    first = luigid.ask("GET", address)
    assert first.headers["Cache-Control"] == "no-cache"
    modified_at = parsedate_to_datetime(first.headers["Last-Modified"]).timestamp()
    assert modified_at == int(path.stat().st_mtime)
    again = luigid.ask("GET", address, If_None_Match=first.headers["Etag"])
    assert (again.status, again.text, again.headers["Etag"]) == (304, "", first.headers["Etag"])
    written(path, "anew!")
    os.utime(path, ns=(path.stat().st_atime_ns, int(modified_at) * 10**9))
    anew = luigid.ask("GET", address, If_None_Match=first.headers["Etag"])
    assert (anew.status, anew.text) == (200, "anew!")


@pytest.mark.parametrize(
    ("address", "command"),
    [
        ("daily/daily_20231231.html", "DailyPage --date 2023-12-31"),
        ("weekly/weekly_52_20231231.html", "WeeklyPage --date 2023-12-31"),
        ("trends/trends_52_20231231.html", "TrendsPage --date 2023-12-31"),
        ("x.html", "IndexPage --date YYYY-MM-DD"),
        ("daily/", "IndexPage --date YYYY-MM-DD"),
    ],
)
def test_a_page_that_is_not_there_says_what_makes_it(
    address: str, command: str, luigid: Luigid
) -> None:
    answer = luigid.ask("GET", f"/pages/{address}")
    assert_absent(answer)
    assert f"`luigi --module pipeline {command}`" in answer.text
    assert luigid.ask("HEAD", f"/pages/{address}").status == 404


def test_a_data_root_without_any_page_says_so_too(tmp_path: Path) -> None:
    with our_luigid(tmp_path) as luigid:
        answer = luigid.ask("GET", INDEX)
    assert_absent(answer)
    assert f"`luigi --module pipeline IndexPage --date {clock.today()}`" in answer.text


def test_a_page_of_a_future_day_is_not_offered() -> None:
    now = datetime.datetime.combine(EARLIER, datetime.time(12)).astimezone()
    sentence = reports.dated(Layout(Path("/root")), "daily", DAY).absent(now)
    expected = f"There is no daily page of 2024-01-07 yet: it is 2023-12-31 ({now:%Z}) now."
    assert sentence == expected


OUTSIDE = [
    "../state/luigid.pid",
    "daily/../../state/luigid.pid",
    "%2e%2e/state/luigid.pid",
    "..%2fstate%2fluigid.pid",
    "%2e%2e%2fstate%2fluigid.pid",
    "%252e%252e%252fstate%252fluigid.pid",
    "..%5cstate%5cluigid.pid",
    "..%c0%afstate%c0%afluigid.pid",
    "daily/..%00/daily_20240107.html",
    "/etc/passwd",
    "//etc/passwd",
    "%2fetc%2fpasswd",
    "file:///etc/passwd",
    ".env",
    "x.html",
    "daily",
    "daily/notes.html",
    "daily/.daily_20240107.html",
    "daily/daily_20240107.html.tmp",
    "daily/daily_20240107.html/",
    "daily/daily_20240107.html%00",
    "daily/daily_20240107.html%0a",
    "daily/daily_20240107.html%20",
    "daily/./daily_20240107.html",
    "./index.html",
    "daily/../index.html",
    "daily//daily_20240107.html",
    "/daily/daily_20240107.html",
    "DAILY/daily_20240107.html",
    "weekly/daily_20240107.html",
    "daily/daily_1_20240107.html",
    "daily/daily_20240230.html",
    "daily/daily_00000000.html",
    "daily/daily_%D9%A2%D9%A0%D9%A2%D9%A4%D9%A0%D9%A1%D9%A0%D9%A7.html",
    "weekly/weekly_2_20240107.html",
    "trends/trends_2_20240107.html",
    "weekly/weekly_01_20240107.html",
    "weekly/weekly_20240107.html",
    "weekly/weekly_001_20240107.html",
]
"""Ways out of the folder, things in it that are no pages, pages under names that are not theirs; a
day is written in Arabic digits."""


@pytest.mark.parametrize("address", OUTSIDE)
def test_nothing_but_the_pages_is_served(address: str, luigid: Luigid) -> None:
    for method in ("GET", "HEAD"):
        answer = luigid.ask(method, f"/pages/{address}")
        assert answer.status in (400, 404), answer.text
        assert SECRET not in answer.text
        assert "<title>" not in answer.text or answer.status == 400
        assert "root:" not in answer.text


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "PATCH", "OPTIONS"])
def test_it_is_read_only(method: str, luigid: Luigid) -> None:
    assert luigid.ask(method, DAILY, "data={}").status == 405
    assert luigid.ask("GET", DAILY).status == 200


@pytest.mark.parametrize("what", ["page", "folder", "root of the pages"])
def test_no_symbolic_link_is_followed_out_of_the_data_root(what: str, tmp_path: Path) -> None:
    layout, elsewhere = Layout(tmp_path / "data"), tmp_path / "elsewhere"
    written(layout.daily_page(DAY), "<title>하루</title>")
    linked = {
        "page": layout.daily_page(DAY),
        "folder": layout.daily_page(DAY).parent,
        "root of the pages": layout.pages,
    }[what]
    shutil.move(linked, elsewhere)
    linked.symlink_to(elsewhere)
    assert layout.daily_page(DAY).is_file()
    with our_luigid(tmp_path) as luigid:
        for _ in range(9):
            assert_absent(answer := luigid.ask("GET", DAILY))
        luigid.stop()
    assert "luigid follows none" in answer.text
    assert luigid.log.read_text().count("luigid follows none") == 1


def test_a_data_root_that_is_a_symbolic_link_is_served(tmp_path: Path) -> None:
    fill(tmp_path / "disk")
    (tmp_path / "data").symlink_to(tmp_path / "disk")
    with our_luigid(tmp_path) as luigid:
        assert luigid.ask("GET", DAILY).status == 200


def test_a_folder_with_the_name_of_a_page_is_not_served(luigid: Luigid) -> None:
    layout = Layout(luigid.data_dir)
    layout.daily_page(datetime.date(2024, 2, 1)).mkdir()
    os.mkfifo(layout.daily_page(datetime.date(2024, 2, 2)))
    for day in ("20240201", "20240202"):
        answer = luigid.ask("GET", f"/pages/daily/daily_{day}.html")
        assert answer.status == 503
        assert "Not a regular file" in answer.text


def test_a_file_larger_than_any_page_is_not_loaded(luigid: Luigid) -> None:
    path = Layout(luigid.data_dir).daily_page(datetime.date(2024, 2, 3))
    with path.open("wb") as file:
        file.truncate(10**10)
    answer = luigid.ask("GET", "/pages/daily/daily_20240203.html")
    assert answer.status == 503
    assert answer.text == (
        f"{path} cannot be read (File too large): fix that, or read it on the disk.\n"
    )


@pytest.mark.skipif(os.geteuid() == 0, reason="root can read everything")
def test_a_page_that_luigid_may_not_read_is_reported_as_such(luigid: Luigid) -> None:
    path = written(Layout(luigid.data_dir).daily_page(datetime.date(2024, 2, 4)), SECRET)
    path.chmod(0)
    answer = luigid.ask("GET", "/pages/daily/daily_20240204.html")
    assert (answer.status, answer.text) == (
        503,
        f"{path} cannot be read (Permission denied): fix that, or read it on the disk.\n",
    )


@pytest.mark.parametrize("path", [INDEX, DAILY, WEEKLY, "/pages", "/pages/x", "/pages/.env"])
def test_the_password_is_asked_for_and_a_foreign_name_refused(
    path: str, locked_pages: Luigid
) -> None:
    known = login(PASSWORD)
    for method in ("GET", "HEAD"):
        assert locked_pages.ask(method, path).status == 401
        assert locked_pages.ask(method, path, Authorization=login("wrong")).status == 401
        foreign = locked_pages.ask(method, path, Authorization=known, Host="evil.example")
        assert foreign.status == 421
        assert "하루" not in foreign.text
    answer = locked_pages.ask("GET", path, Authorization=known)
    assert answer.status in (200, 302, 404)


@pytest.mark.parametrize("path", [INDEX, DAILY, "/pages", "/pages/x", "/pages/daily/"])
def test_every_answer_tells_the_browser_what_a_page_may_do(path: str, luigid: Luigid) -> None:
    answer = luigid.ask("GET", path)
    refusal = luigid.ask("GET", path, Host="evil.example")
    assert content_policy(answer) == {
        "default-src": ["'none'"],
        "img-src": ["https://image.tmdb.org", "data:"],
        "style-src": ["'unsafe-inline'"],
        "script-src": [script_hash(SCRIPT)],
        "base-uri": ["'none'"],
        "form-action": ["'none'"],
        "frame-ancestors": ["'none'"],
    }
    assert answer.headers.get_all("Referrer-Policy") == ["no-referrer"]
    assert content_policy(refusal)["default-src"] == ["'none'"]
    for each in (answer, refusal):
        assert each.headers["X-Content-Type-Options"] == "nosniff"
        assert each.headers["X-Frame-Options"] == "DENY"
        assert each.headers["Cross-Origin-Resource-Policy"] == "same-origin"


FILES = {
    "raw/movies/daily/popular_movies_20230101.json": (
        "application/json",
        '{"title": "<b>영화</b>"}',
    ),
    "processed/weekly/consolidated_week_1_20230101.json": ("application/json", "{}"),
    "rejected/popular_movies_20230101_20240107T020000Z.json": ("application/json", "<script>"),
    "raw/metadata/deleted.jsonl": ("text/plain; charset=UTF-8", "{}"),
    "logs/20240107T020000Z_DailySummary_7.log": ("text/plain; charset=UTF-8", "<h1>영화</h1>"),
    "logs/journal/20230101.log": ("text/plain; charset=UTF-8", "{}"),
}
"""Files that the pages lead to, with their type and text."""


@pytest.mark.parametrize("address", FILES)
def test_the_files_that_a_page_leads_to_are_served_and_none_as_html(
    address: str, luigid: Luigid
) -> None:
    kind, text = FILES[address]
    written(luigid.data_dir / address, text)
    answer, head = (luigid.ask(method, f"/{address}") for method in ("GET", "HEAD"))
    assert (answer.status, answer.text) == (200, text)
    assert (head.status, head.text) == (200, "")
    for each in (answer, head):
        assert each.headers["Content-Type"] == kind
        assert each.headers["X-Content-Type-Options"] == "nosniff"
        assert each.headers["Content-Length"] == str(len(text.encode()))
        assert content_policy(each)["default-src"] == ["'none'"]
    for method in ("POST", "PUT", "DELETE", "PATCH", "OPTIONS"):
        assert luigid.ask(method, f"/{address}", "data={}").status == 405
    assert luigid.ask("GET", f"/{address}", Host="evil.example").status == 421


NO_FILES = [
    *("raw", "raw/", "raw/movies", "raw/movies/daily/", "logs/", "rejected/"),
    *("logs/../state/secret.json", "logs/%2e%2e/state/secret.json", "raw/..%2fstate%2fsecret.json"),
    *("logs/%2e%2e%2fstate%2fsecret.json", "logs/%252e%252e/state/secret.json"),
    *("logs/..%5cstate%5csecret.json", "logs/..%c0%afstate/secret.json", "logs//etc/passwd"),
    *("logs/%2fetc%2fpasswd", "logs/%2fetc%2fsecret.json", "raw//raw/secret.json"),
    *(
        "logs/secret.json%00",
        "logs/secret.json%00.log",
        "logs/secret%00.json",
        "logs/secret.json%0a",
    ),
    *("raw/.secret.json", "raw/.hidden/secret.json", "raw/secret.json.tmp", "raw/.secret.json.tmp"),
    *("raw/secret.html", "raw/secret", "raw/secret.json/", "raw/./secret.json", "RAW/secret.json"),
    *("state/secret.json", "backups/secret.json", "root.json", "superseded/secret.json", ".env"),
    *("raw/folder.json", "raw/linked.json", "raw/linked/secret.json", "raw/out.json"),
    *("pages/raw/secret.json", "pages/../raw/secret.json"),
]
"""Ways out of the four folders, folders, links, hidden files, temporaries, and other folders."""


@pytest.fixture(scope="module")
def secrets(luigid: Luigid) -> Luigid:
    """The luigid, with a secret at each place that is not served."""
    root = luigid.data_dir
    for place in (
        *("state/secret.json", "backups/secret.json", "superseded/secret.json", "raw/.secret.json"),
        *("raw/.hidden/secret.json", "raw/secret.json.tmp", "raw/secret.html", "raw/secret"),
    ):
        written(root / place, SECRET)
    (root / "raw/folder.json").mkdir()
    (root / "raw/linked.json").symlink_to("../state/secret.json")
    (root / "raw/linked").symlink_to("../state")
    (root / "raw/out.json").symlink_to("/etc/passwd")
    return luigid


@pytest.mark.parametrize("address", NO_FILES)
def test_nothing_else_of_the_data_root_is_served(address: str, secrets: Luigid) -> None:
    for method in ("GET", "HEAD"):
        answer = secrets.ask(method, f"/{address}")
        assert answer.status in (400, 404, 503), answer.text
        assert SECRET not in answer.text
        assert "root:" not in answer.text


def test_a_file_needs_the_password_as_a_page_does(locked_pages: Luigid) -> None:
    [address, *_] = FILES
    written(locked_pages.data_dir / address, "{}")
    assert locked_pages.ask("GET", f"/{address}").status == 401
    assert locked_pages.ask("GET", f"/{address}", Authorization=login(PASSWORD)).text == "{}"


def test_luigi_s_own_page_keeps_the_rules_that_it_needs(luigid: Luigid) -> None:
    policy = content_policy(luigid.ask("GET", "/static/visualiser/index.html"))
    assert "'self'" in policy["script-src"]
    assert script_hash(SCRIPT) not in policy["script-src"]


def test_a_foreign_script_in_a_page_does_not_run(luigid: Luigid, tmp_path: Path) -> None:
    day = datetime.date(2024, 3, 1)
    path = written(Layout(luigid.data_dir).daily_page(day), HOSTILE)
    address = f"/pages/{reports.dated(Layout(luigid.data_dir), 'daily', day).address}"
    allowed = content_policy(luigid.ask("GET", address))["script-src"]
    assert script_hash("window.stolen = 1") not in allowed
    with browser(tmp_path) as page:
        page.open(path.as_uri())
        assert page.wait_for("window.stolen") == 1
        page.open("about:blank")
        page.open(luigid.url + address)
        page.evaluate("document.querySelector('a').click()")
        page.wait_for("getComputedStyle(document.querySelector('p')).color === 'rgb(1, 2, 3)'")
        assert blocked(page.evaluate(VIOLATIONS)) >= {"script-src-elem", "script-src-attr"}
        assert page.evaluate("window.stolen") is None


VIOLATIONS = """(() => {
  const observer = new ReportingObserver(() => {}, {types: ["csp-violation"], buffered: true});
  observer.observe();
  return observer.takeRecords().map(each => each.body.effectiveDirective).join(" ");
})()"""
"""What the browser kept the page from doing so far."""


def blocked(directives: str) -> set[str]:
    return set(directives.split())


def test_the_pipeline_s_own_script_runs(luigid: Luigid, tmp_path: Path) -> None:
    day = datetime.date(2024, 3, 2)
    text = f'<!DOCTYPE html><meta charset="utf-8"><b>영화</b><script>{SCRIPT}</script>'
    written(Layout(luigid.data_dir).daily_page(day), text)
    with browser(tmp_path) as page:
        page.open(f"{luigid.url}/pages/daily/daily_20240302.html")
        assert page.evaluate("document.querySelector('b').innerText") == "영화"
        assert blocked(page.evaluate(VIOLATIONS)) == set()


def test_a_page_of_the_pipeline_is_shown_completely(luigi_run: LuigiRun, tmp_path: Path) -> None:
    with browser(tmp_path) as page, our_luigid(tmp_path) as luigid:
        for task in ("DailySummary", "DailyPage"):
            run = luigi_run(task, "--date", "2024-01-07", TMDB_API_KEY="demo")
            assert run.status == 0, run.output
        page.open(luigid.url + DAILY)
        assert "2024" in page.evaluate("document.title")
        assert blocked(page.evaluate(VIOLATIONS)) == set()
        run = luigi_run("IndexPage", "--date", "2024-01-07", TMDB_API_KEY="demo")
        assert run.status == 0, run.output
        page.open(luigid.url + INDEX)
        links = "[...document.querySelectorAll('a.served')].map(e => e.hidden + e.pathname)"
        assert page.evaluate(links) == ["false/", "false/history"]


def test_every_link_of_a_page_works_at_luigid_s_port(luigi_run: LuigiRun, tmp_path: Path) -> None:
    for task in ("DailySummary", "IndexPage"):
        run = luigi_run(task, "--date", "2024-01-07", TMDB_API_KEY="demo")
        assert run.status == 0, run.output
    with our_luigid(tmp_path) as luigid:
        for page in (INDEX, DAILY):
            text = luigid.ask("GET", page).text
            found = {urljoin(page, link) for link in re.findall(r'href="([^":#]+)"', text)}
            links = {link for link in found if link not in ("/", "/history")}
            assert any(link.startswith("/raw/") for link in links)
            assert {luigid.ask("GET", link).status for link in links} == {200}
