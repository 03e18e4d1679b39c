"""The members of a tar stream, one after the other: plain files and nothing else.

Read by header and content, never by tar's own extraction: its extensions (long names, sparse files,
links) have no place in a backup, and some of them make a reader allocate the size that they state.
"""

from __future__ import annotations

import gzip
import tarfile
from collections.abc import Iterator

_BLOCK = tarfile.BLOCKSIZE
_CHUNK = 1 << 20


def headers(stream: gzip.GzipFile) -> Iterator[tarfile.TarInfo]:
    """Yield the header of each member; its content has to be read before the next one."""
    while any(block := _exactly(stream, _BLOCK)):
        header = tarfile.TarInfo.frombuf(block, "ascii", "strict")
        if header.type != tarfile.REGTYPE:
            raise ValueError(f"it holds {header.name[:80]!r}, which is no plain file")
        yield header
    rest = stream.read(tarfile.RECORDSIZE + 1)  # to its end, where gzip checks its own sum
    if any(rest) or len(rest) > tarfile.RECORDSIZE:
        raise ValueError("something follows after its end")


def content(stream: gzip.GzipFile, size: int) -> Iterator[bytes]:
    """Yield a member's content in chunks, and pass over what fills its last block."""
    for start in range(0, size, _CHUNK):
        yield _exactly(stream, min(_CHUNK, size - start))
    _exactly(stream, -size % _BLOCK)


def _exactly(stream: gzip.GzipFile, size: int) -> bytes:
    block = stream.read(size)
    if len(block) < size:
        raise EOFError
    return block
