"""Serve the catalogue alone: `python -m pipeline.demo --port 8080`."""

import argparse
import math
import signal
import sys
from collections.abc import Sequence
from datetime import date
from typing import NoReturn

from pipeline import streams
from pipeline.clock import today
from pipeline.demo.admission import is_credential
from pipeline.demo.server import CatalogueServer, Manners

_ENDING = {signal.SIGINT, signal.SIGTERM}


class _Arguments(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        """End in one line; usage is for those who ask for --help."""
        self.exit(2, f"{self.prog}: {message}\n")


def _port(text: str) -> int:
    if not text.isdecimal() or int(text) > 65_535:
        raise argparse.ArgumentTypeError(f"{text!r} is no port; give 0 to 65535")
    return int(text)


def _amount(text: str) -> float:
    try:
        amount = float(text)
    except ValueError:
        amount = math.nan
    if not 0 <= amount < math.inf:
        raise argparse.ArgumentTypeError(f"{text!r} is no number of 0 or more")
    return amount


def _day(text: str) -> date:
    try:
        day = date.fromisoformat(text)
    except ValueError:
        day = None
    if day is None or day.isoformat() != text:
        raise argparse.ArgumentTypeError(f"{text!r} is no date like 2024-01-07")
    return day


def _credential(text: str) -> str:
    if not is_credential(text):
        raise argparse.ArgumentTypeError(
            "neither a v3 key (32 hex digits) nor a Read Access Token (starts with eyJ)"
        )
    return text


def _arguments(given: Sequence[str] | None) -> argparse.Namespace:
    parser = _Arguments(prog="python -m pipeline.demo", description=__doc__)
    parser.add_argument("--port", type=_port, required=True, help="0 picks a free one")
    parser.add_argument("--host", default="127.0.0.1", help="the address to listen on")
    parser.add_argument("--latency-ms", type=_amount, default=0, help="added to each request")
    parser.add_argument(
        "--requests-per-second", type=_amount, default=40, help="0 takes away the limit"
    )
    parser.add_argument("--date", type=_day, help="YYYY-MM-DD instead of today")
    parser.add_argument("--key", type=_credential, help="the only credential to accept")
    return parser.parse_args(given)


def main(given: Sequence[str] | None = None) -> int:
    """Serve until SIGINT or SIGTERM; 0 after that, 1 when the address cannot be had."""
    streams.prepare()
    arguments = _arguments(given)
    fixed: date | None = arguments.date
    manners = Manners(
        latency_seconds=arguments.latency_ms / 1000,
        requests_per_second=arguments.requests_per_second,
        key=arguments.key,
        on=today if fixed is None else lambda: fixed,
    )
    try:
        server = CatalogueServer(manners, port=arguments.port, host=arguments.host)
    except (OSError, TypeError, UnicodeError) as error:  # a host that is no name at all
        reason = getattr(error, "strerror", None) or str(error)
        print(f"cannot listen on {arguments.host}:{arguments.port}: {reason}", file=sys.stderr)
        return 1
    signal.pthread_sigmask(signal.SIG_BLOCK, _ENDING)
    with server:
        print(f"serving the demo catalogue on {server.url}", flush=True)
        signal.sigwait(_ENDING)
    return 0


if __name__ == "__main__":
    sys.exit(main())
