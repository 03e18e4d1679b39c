"""The id by which a luigid and a run know whether they serve the same data root.

luigi's task ids do not contain the data root: of two roots with one luigid, the second would be
done without a document. A path would not do: containers give one folder several.
"""

import contextlib
import fcntl
import hashlib
import os
import secrets
from collections.abc import Iterator

from pipeline.paths import Layout, luigid_claim
from pipeline.storage import local
from pipeline.storage.object_path import ObjectPath
from pipeline.storage.private_files import open_private, try_lock


def data_root_id(layout: Layout) -> str | None:
    """Return the id of a data root, made when it is first asked for; None where it has none.

    A copy of a data root has another id than the original, because its file is another one. The id
    of a bucket follows from its address, the same on each of its hosts.
    """
    if isinstance(layout.root, ObjectPath):
        return hashlib.sha256(str(layout.root).encode()).hexdigest()[:32]
    try:
        with open(open_private(layout.data_root_id), "r+b", buffering=0) as file:
            local.lock(file.fileno())
            word = file.read(64)
            if not word:
                word = f"{secrets.token_hex(16)}\n".encode()
                file.write(word)
            inode = os.fstat(file.fileno()).st_ino
    except OSError:
        return None
    return hashlib.sha256(b"%b%d" % (word, inode)).hexdigest()[:32]


@contextlib.contextmanager
def claim(scheduler_url: str, layout: Layout) -> Iterator[bool]:
    """Claim a plain luigid, which serves any data root; yield whether it may be used for this one.

    The first run claims it for its data root as long as it lasts, and other runs of the same data
    root share the claim. It holds among the processes of one user on one machine.
    """
    try:
        descriptor = open_private(luigid_claim(scheduler_url))
    except OSError:
        yield True
        return
    with open(descriptor, "r+b", buffering=0) as file:
        root = os.fsencode(str(layout.root.resolve()))
        if try_lock(descriptor):
            file.truncate()
            file.write(root)
        with contextlib.suppress(OSError):
            fcntl.flock(descriptor, fcntl.LOCK_SH)
        yield os.pread(descriptor, 8_192, 0) == root
