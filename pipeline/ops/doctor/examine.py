"""The findings of `doctor`. Its probes are independent, and each has a time limit."""

import threading
from collections.abc import Callable, Mapping
from typing import NamedTuple

from pipeline import clock, settings
from pipeline.errors import PipelineError
from pipeline.ops.runtimes.services import Service

OK, WARNING, PROBLEM = "ok", "warning", "problem"
MAX_SECONDS = 5.0  # of all probes, which run at once


class Finding(NamedTuple):
    """The result of a probe; `fix` says what to do where the state is not ok."""

    state: str
    found: str
    fix: str = ""


Probe = Callable[[], Finding]


def finding(found: str, fix: str = "", state: str = WARNING) -> Finding:
    """Return a finding, which is ok unless there is something to fix."""
    return Finding(state if fix else OK, found, fix)


def finding_of(service: Service) -> Finding:
    """Return what the state of a service means for somebody who looks for problems."""
    return finding(service.detail, service.fix, PROBLEM if service.state == "down" else WARNING)


def examined(probes: Mapping[str, Probe], seconds: float = MAX_SECONDS) -> dict[str, Finding]:
    """Run all probes at once and return their findings in order; a late one is a problem itself.

    A probe that does not come back is left behind in a daemon thread, which ends with the process.
    """
    found: dict[str, Finding] = {}

    def examine(name: str, probe: Probe) -> None:
        try:
            found[name] = probe()
        except PipelineError as error:
            found[name] = finding(str(error), "Do what the sentence says.", PROBLEM)
        except Exception as error:  # one broken probe must not hide what the others find
            text = settings.redacted(f"the probe itself failed: {type(error).__name__}: {error}")
            found[name] = finding(text, "Report it; the other findings hold.")

    threads = [threading.Thread(target=examine, args=each, daemon=True) for each in probes.items()]
    for thread in threads:
        thread.start()
    deadline = clock.monotonic() + seconds
    for thread in threads:
        thread.join(max(0.0, deadline - clock.monotonic()))
    hangs = "See whether that host, disk or service hangs."
    silent = finding(f"no answer in {seconds:g} s", hangs, PROBLEM)
    return {name: found.get(name, silent) for name in probes}
