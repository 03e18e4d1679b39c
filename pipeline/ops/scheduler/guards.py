"""luigi's own web application, with a guard in front of each of its handlers.

The handlers, the page and the API stay luigi's. Each handler class is replaced by one that inherits
from a guard first: the guard looks at the request, and luigi's code answers it. A handler that a
later luigi adds is guarded too, since all of the application's rules are gone through.
"""

from __future__ import annotations

from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import luigi
import luigi.server
import tornado.web
from tornado.ioloop import IOLoop

from pipeline import settings
from pipeline.errors import PipelineError
from pipeline.ops.luigid_api import ROOT_HEADER
from pipeline.ops.scheduler.accepted import refuse_foreign
from pipeline.ops.scheduler.calls import READS, arguments_of
from pipeline.ops.scheduler.policy import Policy, refuse_foreign_site
from pipeline.ops.scheduler.refused import LOGGER, RefusalLog, Refused
from pipeline.ops.scheduler.scheduling import PipelineScheduler

HEALTH = "/healthz"
"""Answer 200 to every client that uses an allowed name, and nothing else."""

MOST_TASKS = 10_000
"""Tasks that luigid keeps at a time, some 5 kB each; a week is 10 and a day 4."""

_THREADS = ThreadPoolExecutor(max_workers=4, thread_name_prefix="luigid-aside")


def guarded(
    scheduler: PipelineScheduler,
    policy: Policy,
    pages: Iterable[tuple[Any, ...]] = (),
    data_root: str | None = None,
) -> tornado.web.Application:
    """Return luigi's application around the scheduler, guarded by the policy.

    Args:
        scheduler: what the application serves.
        policy: who may talk to it.
        pages: Tornado's rules for pages that stand in for luigi's at the same addresses.
        data_root: the id of the data root that it serves, for the runs that ask.
    """
    application: tornado.web.Application = luigi.server.app(scheduler)
    application.settings.update(
        policy=policy,
        data_root=data_root,
        refusals=RefusalLog(),
        default_handler_class=_with_guard(tornado.web.ErrorHandler),
        default_handler_args={"status_code": 404},
    )
    router = application.wildcard_router
    of_luigi = list(router.rules)
    router.rules.clear()
    router.add_rules([(HEALTH, Health), *pages])
    router.rules.extend(of_luigi)
    for rule in router.rules:
        rule.target = _with_guard(rule.target)
    return application


class Guard(tornado.web.RequestHandler):
    """Validate a request before its handler runs."""

    open_to_all = False

    def set_default_headers(self) -> None:
        """Say on every answer what a browser may do with it."""
        self.set_header("Server", f"luigid/{luigi.__version__}")
        for name, value in self.settings["policy"].headers().items():
            self.set_header(name, value)
        if self.settings["data_root"]:
            self.set_header(ROOT_HEADER, self.settings["data_root"])

    def prepare(self) -> Any:
        """Refuse a foreign host name, then a request without the password."""
        policy: Policy = self.settings["policy"]
        try:
            policy.refuse_foreign_host(self.request.host)
            if not self._is_health_check():
                policy.refuse_stranger(self.request.headers.get("Authorization", ""))
        except Refused as refusal:
            return self.refuse(refusal)
        return super().prepare()

    def refuse(self, refusal: Refused) -> None:
        """Answer with the refusal's status and sentence."""
        self.settings["refusals"].note(refusal, self.request.remote_ip)
        self.set_status(refusal.status)
        if refusal.status == 401:
            self.clear_header("Server")
            self.set_header("WWW-Authenticate", 'Basic realm="luigid", charset="UTF-8"')
        _tell(self, str(refusal))

    def _is_health_check(self) -> bool:
        return self.open_to_all or (self.request.method == "HEAD" and self.request.path == "/")


class Plain(tornado.web.RequestHandler):
    """Report an error in a sentence, where the handler does not do so."""

    def write_error(self, status_code: int, **kwargs: Any) -> None:
        """Report an error without its traceback."""
        error = (kwargs.get("exc_info") or (None, None))[1]
        if isinstance(error, PipelineError):
            self.set_status(503)
            _tell(self, settings.redacted(str(error)))
        elif status_code >= 500:
            _tell(self, "luigid could not answer that; its log says why.")
        else:
            _tell(self, f"{status_code}: {self._reason}.")

    def log_exception(self, kind: Any, error: Any, trace: Any) -> None:
        """Log an error that a user can fix as its sentence, others with their traceback."""
        if isinstance(error, PipelineError):
            LOGGER.error("%s: %s", self.request.path, error)
        else:
            super().log_exception(kind, error, trace)


class Health(Guard):
    """Says that luigid is up, with the password or without."""

    open_to_all = True

    def get(self) -> None:
        """Answer that luigid is up."""
        self.clear_header("Server")
        _tell(self, "up")

    head = get


class Api(Guard, luigi.server.RPCHandler):
    """luigi's API: each call looked at before it reaches the scheduler."""

    def get(self, method: str) -> None:
        """Answer a call: reads for anybody, changes for workers and luigid's own page only."""
        try:
            if method not in READS:
                by_get = self.request.method == "GET"
                refuse_foreign_site(self.request.headers, self.request.host, by_get=by_get)
            arguments = arguments_of(method, self.get_argument("data", default="{}", strip=False))
            self._refuse_task(method, arguments)
        except Refused as refusal:
            self.refuse(refusal)
        else:
            self.write({"response": getattr(self._scheduler, method)(**arguments)})
            if self._cors_config.enabled:
                self._handle_cors()

    post = get

    def _refuse_task(self, method: str, arguments: dict[str, Any]) -> None:
        if method != "add_task":
            return
        present = self._scheduler.task(arguments.get("task_id"))
        refuse_foreign(arguments, present)
        if present is None and self._scheduler.task_count() >= MOST_TASKS:
            raise Refused(503, f"luigid holds {MOST_TASKS} tasks already; finished ones leave.")


class Aside(Guard):
    """Answer in a thread: the disk of the data root does not block scheduling."""

    async def get(self, *arguments: str) -> None:
        """Have luigi's handler work in a thread."""
        await IOLoop.current().run_in_executor(_THREADS, super().get, *arguments)


def _with_guard(handler: type[tornado.web.RequestHandler]) -> type[tornado.web.RequestHandler]:
    """Return the handler with a guard before it, and plain words behind its own."""
    if handler is luigi.server.RPCHandler:
        return type("Api", (Api, Plain), {})
    guard = Aside if issubclass(handler, luigi.server.MetricsHandler) else Guard
    bases = (handler, Plain) if issubclass(handler, Guard) else (guard, handler, Plain)
    return type(handler.__name__, bases, {})


def _tell(handler: tornado.web.RequestHandler, sentence: str) -> None:
    handler.set_header("Content-Type", "text/plain; charset=UTF-8")
    handler.finish(sentence + "\n")
