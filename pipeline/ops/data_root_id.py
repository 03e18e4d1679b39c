"""The id by which a luigid and a run know whether they serve the same data root.

luigi's task ids do not contain the data root: of two roots with one luigid, the second would wait
for the first and then be done without a document. A path would not do either, since containers give
the same folder different paths and different folders the same one.
"""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import os
import re
import secrets
from collections.abc import Iterator

from pipeline.ops.private_files import open_private
from pipeline.paths import Layout, luigid_claim

_ID = re.compile(r"[0-9a-f]{32}\n")


def data_root_id(layout: Layout) -> str | None:
    """Return the id of a data root, made when it is first asked for; None where it has none.

    A copy of a data root has another id than the original, because its file is another one.
    """
    path = layout.data_root_id
    try:
        descriptor = open_private(path)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX)
            word = os.pread(descriptor, 64, 0).decode("ascii", errors="replace")
            if not _ID.fullmatch(word):
                word = f"{secrets.token_hex(16)}\n"
                os.ftruncate(descriptor, 0)
                os.pwrite(descriptor, word.encode(), 0)
            inode = os.fstat(descriptor).st_ino
        finally:
            os.close(descriptor)
    except OSError:
        return None
    return hashlib.sha256(f"{word}{inode}".encode()).hexdigest()[:32]


@contextlib.contextmanager
def claim(scheduler_url: str, layout: Layout) -> Iterator[bool]:
    """Claim a luigid that cannot say which data root it serves; yield whether it may be used.

    The first run claims it for its data root as long as it lasts, and other runs of the same data
    root share the claim. It holds among the processes of one user on one machine.
    """
    root = str(layout.root.resolve())
    try:
        descriptor = open_private(luigid_claim(scheduler_url))
    except OSError:
        yield True
        return
    try:
        yield _is_claimed(descriptor, root)
    finally:
        os.close(descriptor)


def _is_claimed(descriptor: int, root: str) -> bool:
    """Share the claim if it is of that data root; write a new one if no run holds it."""
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        os.ftruncate(descriptor, 0)
        os.pwrite(descriptor, os.fsencode(root), 0)
    except BlockingIOError:
        pass
    except OSError:
        return True
    with contextlib.suppress(OSError):
        fcntl.flock(descriptor, fcntl.LOCK_SH)
    return os.pread(descriptor, 8_192, 0) == os.fsencode(root)
