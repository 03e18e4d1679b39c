"""Faults of the transport: resets, truncation, wrong lengths, slowness."""

from support.fake_tmdb.exchange import Exchange
from support.fake_tmdb.faults import Fault
from support.fake_tmdb.wire import Reply, chunk

_SLOW_HEAD_PIECES = 10
_SECONDS_TO_READ_HEAD = 0.02
_CHUNKED = "Transfer-Encoding: chunked"


def reset() -> Fault:
    """Reset the connection (RST) before the first byte."""
    return Fault("reset", deliver=lambda exchange, _reply: exchange.reset(), silent=True)


def no_answer() -> Fault:
    """Close the connection without a byte, as an expired keep-alive connection."""
    return Fault("no answer", deliver=lambda exchange, _reply: exchange.hang_up(), silent=True)


def hang(seconds: float) -> Fault:
    """Send nothing for some seconds, then close the connection."""

    def deliver(exchange: Exchange, _reply: Reply) -> None:
        exchange.sleep(seconds)
        exchange.hang_up()

    return Fault("hang", deliver=deliver, silent=True)


def reset_mid_body() -> Fault:
    """Send the header and half of the body, then reset the connection."""

    def deliver(exchange: Exchange, reply: Reply) -> None:
        exchange.send(reply.head() + _half(reply.body))
        exchange.sleep(_SECONDS_TO_READ_HEAD)
        exchange.reset()

    return Fault("reset mid body", deliver=deliver)


def reset_in_head() -> Fault:
    """Send half of the header, then reset the connection."""

    def deliver(exchange: Exchange, reply: Reply) -> None:
        exchange.send(_half(reply.head()))
        exchange.sleep(_SECONDS_TO_READ_HEAD)
        exchange.reset()

    return Fault("reset in head", deliver=deliver, silent=True)


def hang_mid_body(seconds: float) -> Fault:
    """Send the header and half of the body, then nothing for some seconds, then close."""

    def deliver(exchange: Exchange, reply: Reply) -> None:
        exchange.send(reply.head() + _half(reply.body))
        exchange.sleep(seconds)
        exchange.hang_up()

    return Fault("hang mid body", deliver=deliver)


def cut_body() -> Fault:
    """Send half of the bytes that Content-Length promises, then close."""

    def deliver(exchange: Exchange, reply: Reply) -> None:
        exchange.send(reply.head() + _half(reply.body))
        exchange.hang_up()

    return Fault("cut body", deliver=deliver)


def wrong_length() -> Fault:
    """Send twice the bytes of Content-Length; the rest stays on the open connection."""

    def deliver(exchange: Exchange, reply: Reply) -> None:
        exchange.finish(reply.head(f"Content-Length: {len(reply.body) // 2}") + reply.body)

    return Fault("wrong length", deliver=deliver)


def chunked() -> Fault:
    """Send the normal response in chunks, as TMDB always does; no fault."""

    def deliver(exchange: Exchange, reply: Reply) -> None:
        half = _half(reply.body)
        rest = reply.body[len(half) :]
        exchange.finish(reply.head(_CHUNKED) + chunk(half) + chunk(rest) + chunk(b""))

    return Fault("chunked", deliver=deliver)


def cut_chunked() -> Fault:
    """Close after a complete chunk: only the missing last chunk shows the truncation."""

    def deliver(exchange: Exchange, reply: Reply) -> None:
        exchange.send(reply.head(_CHUNKED) + chunk(_half(reply.body)))
        exchange.hang_up()

    return Fault("cut chunked", deliver=deliver)


def slow_body(seconds_per_byte: float) -> Fault:
    """Send one byte at a time, so that no single read exceeds the read timeout."""

    def deliver(exchange: Exchange, reply: Reply) -> None:
        exchange.send(reply.head())
        for byte in reply.body[:-1]:
            exchange.send(bytes([byte]))
            exchange.sleep(seconds_per_byte)
        exchange.finish(reply.body[-1:])

    return Fault("slow body", deliver=deliver)


def slow_headers(seconds: float) -> Fault:
    """Send the header in ten pieces within `seconds`, then the body at once."""

    def deliver(exchange: Exchange, reply: Reply) -> None:
        head = reply.head()
        size = len(head) // _SLOW_HEAD_PIECES + 1
        for start in range(0, len(head), size):
            exchange.send(head[start : start + size])
            exchange.sleep(seconds / _SLOW_HEAD_PIECES)
        exchange.finish(reply.body)

    return Fault("slow headers", deliver=deliver)


def _half(body: bytes) -> bytes:
    return body[: len(body) // 2]
