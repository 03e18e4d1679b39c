"""Free TCP ports on the loopback interface."""

from __future__ import annotations

import itertools
import os
import random
import socket

# Below the range from which Linux takes the ports of outgoing connections (32768-60999), so that
# no connection takes a port between the moment it is found free and the moment it is used.
_FIRST_PORT = 20000
_PORTS_PER_WORKER = 1500

_worker = int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw"))
_offsets = itertools.count(random.randrange(_PORTS_PER_WORKER))


def free_port() -> int:
    """Return a port on which nobody listens; each worker of a test session has its own range.

    Raises:
        RuntimeError: every port of the range is in use.
    """
    for offset in itertools.islice(_offsets, _PORTS_PER_WORKER):
        port = _FIRST_PORT + _worker * _PORTS_PER_WORKER + offset % _PORTS_PER_WORKER
        try:
            socket.create_server(("127.0.0.1", port)).close()
        except OSError:
            continue
        return port
    raise RuntimeError("no port of the range for tests is free")
