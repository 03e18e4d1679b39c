"""Faults below the message: resets, cuts, wrong lengths, and slowness."""

from support.fake_tmdb.exchange import Exchange
from support.fake_tmdb.faults import Fault
from support.fake_tmdb.wire import Reply, chunk

_SLOW_HEAD_PIECES = 10
_TIME_TO_READ_THE_HEAD = 0.02
_CHUNKED = "Transfer-Encoding: chunked"


def reset() -> Fault:
    """RST before a byte is answered."""
    return Fault("reset", deliver=lambda exchange, _reply: exchange.reset(), silent=True)


def no_answer() -> Fault:
    """Closed in order, without a byte: a keep-alive connection that had just run out."""
    return Fault("no answer", deliver=lambda exchange, _reply: exchange.hang_up(), silent=True)


def hang(seconds: float) -> Fault:
    """Silence, then closed without a byte."""

    def deliver(exchange: Exchange, _reply: Reply) -> None:
        exchange.sleep(seconds)
        exchange.hang_up()

    return Fault("hang", deliver=deliver, silent=True)


def reset_mid_body() -> Fault:
    """Head and half a body, then RST."""

    def deliver(exchange: Exchange, reply: Reply) -> None:
        exchange.send(reply.head() + _half(reply.body))
        exchange.sleep(_TIME_TO_READ_THE_HEAD)
        exchange.reset()

    return Fault("reset mid body", deliver=deliver)


def reset_in_head() -> Fault:
    """Half a head, then RST."""

    def deliver(exchange: Exchange, reply: Reply) -> None:
        exchange.send(_half(reply.head()))
        exchange.sleep(_TIME_TO_READ_THE_HEAD)
        exchange.reset()

    return Fault("reset in head", deliver=deliver, silent=True)


def hang_mid_body(seconds: float) -> Fault:
    """Head and half a body, then silence, then closed."""

    def deliver(exchange: Exchange, reply: Reply) -> None:
        exchange.send(reply.head() + _half(reply.body))
        exchange.sleep(seconds)
        exchange.hang_up()

    return Fault("hang mid body", deliver=deliver)


def cut_body() -> Fault:
    """Half of the bytes that Content-Length promised, then closed in order."""

    def deliver(exchange: Exchange, reply: Reply) -> None:
        exchange.send(reply.head() + _half(reply.body))
        exchange.hang_up()

    return Fault("cut body", deliver=deliver)


def wrong_length() -> Fault:
    """Content-Length is half of what is sent; the rest lies in wait on the open connection."""

    def deliver(exchange: Exchange, reply: Reply) -> None:
        exchange.finish(reply.head(f"Content-Length: {len(reply.body) // 2}") + reply.body)

    return Fault("wrong length", deliver=deliver)


def chunked() -> Fault:
    """No fault at all: the framing the real TMDB uses for every answer."""

    def deliver(exchange: Exchange, reply: Reply) -> None:
        half = _half(reply.body)
        rest = reply.body[len(half) :]
        exchange.finish(reply.head(_CHUNKED) + chunk(half) + chunk(rest) + chunk(b""))

    return Fault("chunked", deliver=deliver)


def cut_chunked() -> Fault:
    """Closed after a whole chunk: only the missing last one tells that something is missing."""

    def deliver(exchange: Exchange, reply: Reply) -> None:
        exchange.send(reply.head(_CHUNKED) + chunk(_half(reply.body)))
        exchange.hang_up()

    return Fault("cut chunked", deliver=deliver)


def slow_body(seconds_per_byte: float) -> Fault:
    """One byte at a time: no single read ever runs into a read timeout."""

    def deliver(exchange: Exchange, reply: Reply) -> None:
        exchange.send(reply.head())
        for byte in reply.body[:-1]:
            exchange.send(bytes([byte]))
            exchange.sleep(seconds_per_byte)
        exchange.finish(reply.body[-1:])

    return Fault("slow body", deliver=deliver)


def slow_headers(seconds: float) -> Fault:
    """The head in ten pieces spread over `seconds`, then the body at once."""

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
