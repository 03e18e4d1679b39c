"""The bucket of the data root: whether it answers, what it allows, and what it promises."""

import contextlib
import secrets
from collections.abc import Iterator

from pipeline import clock, settings
from pipeline.ops.doctor.examine import PROBLEM, WARNING, Finding, finding
from pipeline.storage.object_path import ObjectPath
from pipeline.storage.probe import StoreProbe

# Seconds that the clocks may differ. S3 refuses every request from 15 minutes on.
MAX_SKEW_SECONDS, MAX_USABLE_SKEW_SECONDS = 60, 600


def store() -> Finding:
    """See whether the store answers and accepts the credentials."""
    with _probe() as probe:
        probe.accepts()
        return finding(f"{probe.host} answers and accepts the credentials")


def store_clock() -> Finding:
    """Compare this machine's clock with the one of the store."""
    with _probe() as probe:
        sent_at = probe.sent_at()
    if sent_at is None:
        return finding(f"{probe.host} sends no date")
    apart = abs((clock.now() - sent_at).total_seconds())
    fix = "Switch time synchronisation on (timedatectl set-ntp true): a store refuses every "
    fix += "request of a clock that is 15 minutes off."
    state = PROBLEM if apart > MAX_USABLE_SKEW_SECONDS else WARNING
    found = f"{apart:.0f} s from {probe.host}"
    return finding(found, fix if apart > MAX_SKEW_SECONDS else "", state)


def permissions() -> Finding:
    """See whether objects can be listed, written, read and deleted; name what is not allowed."""
    root = settings.current().data_dir
    with _probe() as probe:
        if names := ", ".join(probe.missing_permissions()):
            allow = f"Allow {names} on the bucket, as config/aws/iam-policy.json does."
            return finding(f"{root}: the store refuses {names}", allow, PROBLEM)
    return finding(f"{root} can be listed, written, read and deleted from")


def conditional_write() -> Finding:
    """See whether the store refuses to overwrite, by which the first of two publishers wins."""
    with _probe() as probe:
        if not probe.overwrites():
            return finding("a second write of the same object is refused")
    found = "the store ignores `If-None-Match: *`: of two runs that publish the same document, the"
    fix = "Let one host at a time run the pipeline, or use a store that honours the condition."
    return finding(f"{found} last one wins", fix, PROBLEM)


PROBES = {
    "data root": permissions,
    "store": store,
    "store clock": store_clock,
    "conditional write": conditional_write,
}


@contextlib.contextmanager
def _probe() -> Iterator[StoreProbe]:
    """Lend a probe of the data root's bucket; an error within the block is one sentence."""
    layout = settings.current().layout
    root, path = layout.root, layout.store_probe(secrets.token_hex(8))
    assert isinstance(root, ObjectPath)
    assert isinstance(path, ObjectPath)
    probe = StoreProbe(root, path)
    with probe.report():
        yield probe
