"""The pages below /pages/, and the documents and logs that they lead to, also from a bucket.

A user who can write one of them could write a script into it: only the pipeline's own may run, by
its hash, and nothing but a page is HTML. An address is a plain name, and no link is followed. A
file is read in a thread: neither a slow disk nor a bucket that hangs delays the scheduler.
"""

import asyncio
from collections.abc import Callable
from email.utils import formatdate
from pathlib import Path
from typing import Any

from tornado.web import RequestHandler

from pipeline.errors import PipelineError
from pipeline.ops.luigid.application import THREADS, answer
from pipeline.ops.luigid.policy import Refused
from pipeline.pages.render import build_policy
from pipeline.paths import Layout
from pipeline.storage import documents, local, objects
from pipeline.storage.object_path import ObjectPath

ROOT = "/pages/"
# No page is larger, nor a usual week; luigid has to keep a file in memory.
_MAX_BYTES = 32_000_000
MAX_SECONDS = 10.0  # that a browser waits for a file
_ABSENT = (
    f"There is no such file: {ROOT} leads to all of them once `luigi --module pipeline IndexPage "
    "--date YYYY-MM-DD` has made it."
)
_TYPES = {".html": "text/html; charset=UTF-8", ".json": "application/json"}  # others are text

# Address -> the file, and the sentence for where it is not there; None where there can be none.
FindReport = Callable[[str], tuple[Path, str] | None]


class ReportPage(RequestHandler):
    """A file of the data root as it is."""

    def initialize(self, layout: Layout, find: FindReport, policy: str) -> None:
        """Take what `handlers` hands over, and say of refusals too what a browser may do."""
        self._layout, self._find = layout, find
        self.set_header("Cache-Control", "no-cache")
        self.set_header("Content-Security-Policy", policy)
        self.set_header("Referrer-Policy", "no-referrer")

    async def get(self, address: str | None) -> None:
        """Answer with the file, or the sentence that says what makes it."""
        if address is None:
            return self.redirect(ROOT)
        found, loop = self._find(address), asyncio.get_running_loop()
        if found is None:
            return answer(self, 404, _ABSENT)
        try:
            reading = loop.run_in_executor(THREADS, _read, self._layout, *found)
            content, written_at = await asyncio.wait_for(reading, MAX_SECONDS)
        except TimeoutError:
            return answer(self, 503, f"{found[0]} was not read in {MAX_SECONDS:.0f} s: reload.")
        except Refused as refusal:
            return answer(self, refusal.status, str(refusal))
        self.set_header("Content-Type", _TYPES.get(found[0].suffix, "text/plain; charset=UTF-8"))
        if written_at is not None:
            self.set_header("Last-Modified", formatdate(written_at, usegmt=True))
        self.finish(content)

    head = get


def handlers(layout: Layout, find: FindReport) -> list[tuple[str, type, dict[str, Any]]]:
    """Return the routes, to stand before luigi's own.

    A page loads nothing but posters, talks to nobody, and does not tell where it was read.
    """

    def find_file(address: str) -> tuple[Path, str] | None:
        return (file, _ABSENT) if (file := layout.served(address)) else None

    shared = {"layout": layout, "policy": f"{build_policy()}; frame-ancestors 'none'"}
    return [
        (rf"{ROOT[:-1]}(?:/(.*))?", ReportPage, {**shared, "find": find}),
        (r"/((?:raw|processed|logs|rejected)/.*)", ReportPage, {**shared, "find": find_file}),
    ]


def _read(layout: Layout, file: Path, if_absent: str) -> tuple[bytes, float | None]:
    """Return the file and, on a disk, when it was written; refuse what is not the pipeline's."""
    if isinstance(file, ObjectPath):
        return _read_object(file, if_absent), None
    root = layout.root if file.is_relative_to(layout.root) else layout.work
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


def _read_object(file: ObjectPath, if_absent: str) -> bytes:
    try:
        if not documents.exists(file):
            raise Refused(404, if_absent)
        return objects.ObjectStorage().read(file, _MAX_BYTES)
    except PipelineError as error:
        raise Refused(503, str(error)) from None
