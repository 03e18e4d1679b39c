"""The pages below /pages/: what the pipeline wrote for people, read only.

A user who can write one of those files could write a script into it. So the header does not depend
on the file: only the pipeline's own script may run, by its hash. A request is only read as the name
of a page; no path of a request ever reaches the disk, and no link is followed.
"""

from __future__ import annotations

import errno
import os
import stat
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from email.utils import formatdate
from pathlib import Path
from typing import Any

from tornado.ioloop import IOLoop

from pipeline import clock
from pipeline.ops import reports
from pipeline.ops.scheduler.guards import Guard
from pipeline.ops.scheduler.refused import Refused
from pipeline.pages.render import script_hash
from pipeline.paths import Layout

ROOT = "/pages/"

_LARGEST_BYTES = 32_000_000
"""No page is; luigid would have to keep it in memory."""

_THREADS = ThreadPoolExecutor(max_workers=2, thread_name_prefix="luigid-pages")
_NOT_THERE = (errno.ENOENT, errno.ENOTDIR, errno.EISDIR)
_NO_PAGE = (
    f"There is no such page: {ROOT} leads to all of them once "
    f"`{reports.command('index', 'YYYY-MM-DD')}` has made it."
)


@dataclass(frozen=True)
class Page:
    """A page's text as it lies on the disk, and when it was written."""

    content: bytes
    written_at: float


class ReportPage(Guard):
    """A file of `reports/` as it is."""

    def initialize(self, layout: Layout, headers: dict[str, str]) -> None:
        """Take what `handlers` hands over, and say of refusals too what a browser may do."""
        self._layout = layout
        for name, value in headers.items():
            self.set_header(name, value)

    async def get(self, address: str | None) -> None:
        """Answer with the page, or the sentence that says what makes it."""
        if address is None:
            self.redirect(ROOT)
        elif report := reports.at(self._layout, address):
            await self._show(report)
        else:
            self._tell_absent(_NO_PAGE)

    head = get

    async def _show(self, report: reports.Report) -> None:
        loop = IOLoop.current()
        try:
            page = await loop.run_in_executor(_THREADS, _read, self._layout, report.file)
        except Refused as refusal:
            self.refuse(refusal)
            return
        if page is None:
            self._tell_absent(report.absent(clock.today()))
            return
        self.set_header("Content-Type", "text/html; charset=UTF-8")
        self.set_header("Last-Modified", formatdate(page.written_at, usegmt=True))
        self.finish(page.content)

    def _tell_absent(self, sentence: str) -> None:
        self.set_status(404)
        self.set_header("Content-Type", "text/plain; charset=UTF-8")
        self.finish(sentence + "\n")


def handlers(layout: Layout) -> list[tuple[str, type, dict[str, Any]]]:
    """Return the routes, to stand before luigi's own."""
    return [(rf"{ROOT[:-1]}(?:/(.*))?", ReportPage, {"layout": layout, "headers": _headers()})]


def _headers() -> dict[str, str]:
    """Return what differs from the headers of luigi's own pages.

    A page loads nothing but posters, talks to nobody, and does not tell where it was read.
    """
    return {
        "Cache-Control": "no-cache",
        "Content-Security-Policy": "default-src 'none'; img-src https://image.tmdb.org data:; "
        f"style-src 'unsafe-inline'; script-src '{script_hash()}'; base-uri 'none'; "
        "form-action 'none'; frame-ancestors 'none'",
        "Referrer-Policy": "no-referrer",
    }


def _read(layout: Layout, file: Path) -> Page | None:
    """Return the page; None where there is none.

    Raises:
        Refused: what is there is not the pipeline's, or cannot be read.
    """
    try:
        with open(file, "rb", opener=lambda *_: _opened(layout, file)) as stream:
            status = os.fstat(stream.fileno())
            content = stream.read(_LARGEST_BYTES + 1) if stat.S_ISREG(status.st_mode) else None
    except OSError as error:
        if error.errno in _NOT_THERE:
            return None
        if error.errno == errno.ELOOP:
            raise Refused(404, f"{file} lies behind a link, and luigid follows none.") from None
        raise Refused(503, f"{file} cannot be read ({error.strerror}).") from None
    if content is not None and len(content) > _LARGEST_BYTES:
        raise Refused(503, f"{file} is larger than any page: remove it and have it made again.")
    return Page(content, status.st_mtime) if content is not None else None


def _opened(layout: Layout, file: Path) -> int:
    """Open a file folder by folder from the data root on, so that no link leads out of it."""
    descriptor = os.open(layout.root, os.O_RDONLY)
    for name in file.relative_to(layout.root).parts:
        try:
            # Without O_NONBLOCK a pipe by that name would keep the thread for ever.
            below = os.open(name, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK, dir_fd=descriptor)
        finally:
            os.close(descriptor)
        descriptor = below
    return descriptor
