"""Faults of the content encoding and of the size."""

import gzip
import zlib
from collections.abc import Callable
from dataclasses import replace

from support.fake_tmdb.exchange import Exchange
from support.fake_tmdb.faults import Fault
from support.fake_tmdb.wire import JSON_TYPE, Reply, chunk

_PIECE = 1 << 18
_OPENING = b'{"page": 1, "results": ['
_ROW = b'{"id": 1, "title": "\xea\xb7\xb8 \xec\x98\x81\xed\x99\x94", "overview": ""},'
_CLOSING = b'], "total_pages": 1, "total_results": 0}'


def gzip_announced() -> Fault:
    """Send the normal response compressed, with the header."""
    return Fault("gzip announced", change=_compressed)


def gzip_unannounced() -> Fault:
    """Send the response compressed WITHOUT the header, as TMDB's CDN did in May 2026."""
    return Fault("gzip unannounced", change=lambda reply: replace(reply, body=_gzip(reply.body)))


def corrupt_gzip() -> Fault:
    """Send gzip with a valid header and damaged data."""

    def damaged(reply: Reply) -> Reply:
        good = _compressed(reply)
        return replace(good, body=good.body[:10] + b"\xff" * 20 + good.body[30:])

    return Fault("corrupt gzip", change=damaged)


def cut_gzip() -> Fault:
    """Send truncated gzip without the header; Content-Length is right."""
    return Fault("cut gzip", change=lambda reply: replace(reply, body=_gzip(reply.body)[:-20]))


def gzip_bomb(total_bytes: int) -> Fault:
    """Send a small gzip body that inflates to `total_bytes` of valid JSON."""
    reply = Reply(200, _bomb(total_bytes), {"Content-Type": JSON_TYPE})
    return Fault("gzip bomb", change=_always(reply.with_headers(Content_Encoding="gzip")))


def huge_body(total_bytes: int) -> Fault:
    """Stream `total_bytes` of incomplete JSON without a length."""

    def stream(exchange: Exchange, reply: Reply) -> None:
        opening = (_OPENING + _ROW * 100)[:total_bytes]
        exchange.send(reply.head("Transfer-Encoding: chunked") + chunk(opening))
        left = total_bytes - len(opening)
        piece = _ROW * (_PIECE // len(_ROW))
        while left > 0:
            exchange.send(chunk(piece[:left]))
            left -= len(piece)
        exchange.finish(chunk(b""))

    reply = Reply(200, b"", {"Content-Type": JSON_TYPE})
    return Fault("huge body", change=_always(reply), deliver=stream)


def _always(reply: Reply) -> Callable[[Reply], Reply]:
    return lambda _normal: reply


def _compressed(reply: Reply) -> Reply:
    return replace(reply, body=_gzip(reply.body)).with_headers(Content_Encoding="gzip")


def _gzip(body: bytes) -> bytes:
    return gzip.compress(body, mtime=0)


def _bomb(total_bytes: int) -> bytes:
    compressor = zlib.compressobj(level=9, wbits=31)
    left = total_bytes - len(_OPENING) - len(_CLOSING)
    parts = [compressor.compress(_OPENING)]
    while left > 0:
        parts.append(compressor.compress(b" " * min(left, _PIECE)))
        left -= _PIECE
    parts += [compressor.compress(_CLOSING), compressor.flush()]
    return b"".join(parts)
