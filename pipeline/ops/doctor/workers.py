"""luigid, and whether more hosts run the pipeline than the limits of requests are divided by."""

from pipeline import settings
from pipeline.ops import settings as ops_settings
from pipeline.ops.doctor.examine import Finding, finding_of
from pipeline.ops.luigid import client
from pipeline.ops.runtimes import services
from pipeline.runtime import luigi_configuration
from pipeline.sanitize import plain


def luigid() -> Finding:
    """Ask luigid, and compare PIPELINE_HOSTS with the hosts whose workers it knows."""
    url = luigi_configuration.scheduler_url()
    service = services.luigid(url)
    found, hosts = finding_of(service), set[str]()
    if service.state == "up":
        hosts = client.worker_hosts(url, ops_settings.luigid_password())
    if len(hosts) <= settings.current().hosts:
        return found
    fix = (
        f"If these hosts share one address, set PIPELINE_HOSTS={len(hosts)} on each: TMDB limits "
        "the requests of an address."
    )
    names = plain(", ".join(sorted(hosts)))
    return found._replace(
        state="warning" if found.state == "ok" else found.state,
        found=f"{found.found}; workers of {len(hosts)} hosts: {names}",
        fix=f"{found.fix} {fix}".strip(),
    )
