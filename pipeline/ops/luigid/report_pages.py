"""The pages below /pages/, and the documents and logs that they lead to: read only.

A user who can write one of them could write a script into it: only the pipeline's own may run, by
its hash, and nothing but a page is HTML. An address is a plain name, and no link is followed.
"""

from collections.abc import Callable
from email.utils import formatdate
from pathlib import Path
from typing import Any

from tornado.ioloop import IOLoop
from tornado.web import RequestHandler

from pipeline.ops.luigid.application import THREADS, answer
from pipeline.ops.luigid.policy import Refused
from pipeline.pages.render import build_policy
from pipeline.paths import Layout
from pipeline.storage import local

ROOT = "/pages/"
# No page is larger, nor a usual week; luigid has to keep a file in memory.
_MAX_BYTES = 32_000_000
_ABSENT = (
    f"There is no such file: {ROOT} leads to all of them once `luigi --module pipeline IndexPage "
    "--date YYYY-MM-DD` has made it."
)
_TYPES = {".html": "text/html; charset=UTF-8", ".json": "application/json"}  # others are text

# Address -> the file, and the sentence for where it is not there; None where there can be none.
FindReport = Callable[[str], tuple[Path, str] | None]


class ReportPage(RequestHandler):
    """A file of the data root as it is."""

    def initialize(self, root: Path, find: FindReport, policy: str) -> None:
        """Take what `handlers` hands over, and say of refusals too what a browser may do."""
        self._root, self._find = root, find
        self.set_header("Cache-Control", "no-cache")
        self.set_header("Content-Security-Policy", policy)
        self.set_header("Referrer-Policy", "no-referrer")

    async def get(self, address: str | None) -> None:
        """Answer with the file, or the sentence that says what makes it."""
        if address is None:
            return self.redirect(ROOT)
        found, loop = self._find(address), IOLoop.current()
        try:
            if found is None:
                raise Refused(404, _ABSENT)
            content, written_at = await loop.run_in_executor(THREADS, _read, self._root, *found)
        except Refused as refusal:
            return answer(self, refusal.status, str(refusal))
        self.set_header("Content-Type", _TYPES.get(found[0].suffix, "text/plain; charset=UTF-8"))
        self.set_header("Last-Modified", formatdate(written_at, usegmt=True))
        self.finish(content)

    head = get


def handlers(layout: Layout, find: FindReport) -> list[tuple[str, type, dict[str, Any]]]:
    """Return the routes, to stand before luigi's own.

    A page loads nothing but posters, talks to nobody, and does not tell where it was read.
    """

    def find_file(address: str) -> tuple[Path, str] | None:
        return (file, _ABSENT) if (file := layout.served(address)) else None

    shared = {"root": layout.root, "policy": f"{build_policy()}; frame-ancestors 'none'"}
    return [
        (rf"{ROOT[:-1]}(?:/(.*))?", ReportPage, {**shared, "find": find}),
        (r"/((?:raw|processed|logs|rejected)/.*)", ReportPage, {**shared, "find": find_file}),
    ]


def _read(root: Path, file: Path, if_absent: str) -> tuple[bytes, float]:
    """Return the file and when it was written, or refuse what is not the pipeline's."""
    try:
        if file.resolve() != root.resolve() / file.relative_to(root):
            raise Refused(404, f"{file} lies behind a link, and luigid follows none.")
        return local.read(file, _MAX_BYTES), file.stat().st_mtime
    except (FileNotFoundError, NotADirectoryError, IsADirectoryError):
        raise Refused(404, if_absent) from None
    except (OSError, RuntimeError) as error:  # a loop of links
        why = getattr(error, "strerror", None) or "a loop of links"
        raise Refused(
            503, f"{file} cannot be read ({why}): fix that, or read it on the disk."
        ) from None
