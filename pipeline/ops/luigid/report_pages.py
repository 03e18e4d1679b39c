"""The pages below /pages/: what the pipeline wrote for people, read only.

A user who can write one of those files could write a script into it. So the header does not depend
on the file: only the pipeline's own script may run, by its hash. A request is only read as the name
of a page; no path of a request ever reaches the disk, and no link is followed.
"""

from collections.abc import Callable
from email.utils import formatdate
from pathlib import Path
from typing import Any

from tornado.ioloop import IOLoop
from tornado.web import RequestHandler

from pipeline.ops.luigid.application import THREADS, answer
from pipeline.ops.luigid.policy import Refused
from pipeline.pages.render import script_hash
from pipeline.storage import local

ROOT = "/pages/"
# No page is; luigid would have to keep it in memory.
_MAX_BYTES = 32_000_000
_NO_PAGE = (
    f"There is no such page: {ROOT} leads to all of them once `luigi --module pipeline IndexPage "
    "--date YYYY-MM-DD` has made it."
)

# Address below /pages/ -> the file, and the sentence for where it is not there; None where no page
# can ever be.
FindReport = Callable[[str], tuple[Path, str] | None]


class ReportPage(RequestHandler):
    """A file of `reports/` as it is."""

    def initialize(self, root: Path, find: FindReport, policy: str) -> None:
        """Take what `handlers` hands over, and say of refusals too what a browser may do."""
        self._root, self._find = root, find
        self.set_header("Cache-Control", "no-cache")
        self.set_header("Content-Security-Policy", policy)
        self.set_header("Referrer-Policy", "no-referrer")

    async def get(self, address: str | None) -> None:
        """Answer with the page, or the sentence that says what makes it."""
        if address is None:
            return self.redirect(ROOT)
        found, loop = self._find(address), IOLoop.current()
        try:
            content, written_at = await loop.run_in_executor(THREADS, _read, self._root, found)
        except Refused as refusal:
            return answer(self, refusal.status, str(refusal))
        self.set_header("Content-Type", "text/html; charset=UTF-8")
        self.set_header("Last-Modified", formatdate(written_at, usegmt=True))
        self.finish(content)

    head = get


def handlers(root: Path, find: FindReport) -> list[tuple[str, type, dict[str, Any]]]:
    """Return the routes, to stand before luigi's own.

    A page loads nothing but posters, talks to nobody, and does not tell where it was read.
    """
    policy = (
        "default-src 'none'; img-src https://image.tmdb.org data:; style-src 'unsafe-inline'; "
        f"script-src '{script_hash()}'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    )
    shared = {"root": root, "find": find, "policy": policy}
    return [(rf"{ROOT[:-1]}(?:/(.*))?", ReportPage, shared)]


def _read(root: Path, found: tuple[Path, str] | None) -> tuple[bytes, float]:
    """Return the page and when it was written, or refuse what is not the pipeline's."""
    if found is None:
        raise Refused(404, _NO_PAGE)
    file, if_absent = found
    try:
        if file.resolve() != root.resolve() / file.relative_to(root):
            raise Refused(404, f"{file} lies behind a link, and luigid follows none.")
        return local.read(file, _MAX_BYTES), file.stat().st_mtime
    except (FileNotFoundError, NotADirectoryError, IsADirectoryError):
        raise Refused(404, if_absent) from None
    except (OSError, RuntimeError) as error:  # a loop of links
        why = getattr(error, "strerror", None) or "a loop of links"
        sentence = f"{file} cannot be read ({why}): fix that, or remove it and have it made again."
        raise Refused(503, sentence) from None
