"""Python imports this by itself where its folder is on PYTHONPATH: from then on it is another day.

The file named by SIMULATED_CLOCK holds by how many seconds that is away. It is looked at again and
again, so that the clock of a process can be set while it runs, as a machine's can.
"""

import os
import sys
import threading
import time
from pathlib import Path

_NOT_NEEDED = ("pytest", "dateutil")
"""What time-machine imports if it can; it is a third of a run's time."""

for _name in _NOT_NEEDED:
    sys.modules[_name] = None  # type: ignore[assignment]  # refuses the import
import time_machine  # noqa: E402

for _name in _NOT_NEEDED:
    del sys.modules[_name]

_CLOCK = Path(os.environ["SIMULATED_CLOCK"])
_POLL_SECONDS = 0.02


def _away() -> float:
    return float(_CLOCK.read_text())


def _follow() -> None:
    pause, seen = threading.Event(), _CLOCK.stat().st_ino
    while not pause.wait(_POLL_SECONDS):
        if (found := _CLOCK.stat().st_ino) != seen:
            seen = found
            _traveller.move_to(time_machine.escape_hatch.time.time() + _away())


def _start() -> None:
    threading.Thread(target=_follow, daemon=True).start()


_traveller = time_machine.travel(time.time() + _away(), tick=True).start()
os.register_at_fork(after_in_child=_start)
_start()
