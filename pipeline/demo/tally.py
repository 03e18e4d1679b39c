"""What a server counts while others use it."""

import json
import threading


class Tally:
    """Counts of requests, refusals and open connections; safe to share between threads."""

    def __init__(self) -> None:
        """Start at nothing."""
        self._lock = threading.Lock()
        self._connections = 0
        self.requests = 0
        self.refusals = 0
        self.connections_peak = 0

    def request(self) -> None:
        """One more request below the base path."""
        with self._lock:
            self.requests += 1

    def refusal(self) -> None:
        """One request of those was too fast."""
        with self._lock:
            self.refusals += 1

    def connection_opened(self) -> None:
        """A connection sent its first request."""
        with self._lock:
            self._connections += 1
            self.connections_peak = max(self.connections_peak, self._connections)

    def connection_closed(self) -> None:
        """That connection is gone."""
        with self._lock:
            self._connections -= 1

    def document(self) -> bytes:
        """`{"requests": n, "refusals": n, "connections_peak": n}` in UTF-8."""
        with self._lock:
            counts = {
                "requests": self.requests,
                "refusals": self.refusals,
                "connections_peak": self.connections_peak,
            }
        return json.dumps(counts).encode()
