"""luigi's own web application, with a guard in front of all of it.

The page and most handlers stay luigi's. Every request passes the guard before a handler is chosen,
so that a handler which a later luigi adds is guarded too.
"""

import functools
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import luigi
import luigi.server
from tornado.httputil import HTTPHeaders, HTTPMessageDelegate, HTTPServerRequest
from tornado.ioloop import IOLoop
from tornado.routing import Router
from tornado.web import Application, OutputTransform, RequestHandler

from pipeline.ops.luigid.calls import OF_WORKERS, READS, arguments_of, refuse_foreign
from pipeline.ops.luigid.log import REFUSALS
from pipeline.ops.luigid.policy import Policy, Refused, refuse_foreign_site
from pipeline.ops.luigid.scheduler import PipelineScheduler

# Answer 200 to every client that uses an allowed name, and nothing else.
HEALTH = "/healthz"
THREADS = ThreadPoolExecutor(max_workers=4, thread_name_prefix="luigid-aside")


class Guarded(Router):
    """luigi's application around a scheduler, for requests that the policy lets pass.

    `pages` are Tornado's rules for pages that stand in for luigi's at the same addresses.
    """

    def __init__(self, scheduler: PipelineScheduler, policy: Policy, pages: list[Any]) -> None:
        self._policy = policy
        self._application: Application = luigi.server.app(scheduler)
        self._application.settings["log_function"] = lambda handler: None
        self._application.transforms.append(functools.partial(Headers, policy.headers))
        shared = {"scheduler": scheduler}
        own = [(r"/api/(.*)", Api, shared), (r"/metrics", Metrics, shared)]
        up = (HEALTH, Sentence, {"status": 200, "sentence": "up"})
        self._application.add_handlers(".*", [*own, up, *pages])

    def find_handler(self, request: HTTPServerRequest, **_: Any) -> HTTPMessageDelegate | None:
        """Refuse a foreign host name, then a request without the password."""
        is_health_check = request.path == HEALTH or (request.method, request.path) == ("HEAD", "/")
        try:
            self._policy.refuse_foreign_host(request.host)
            if not is_health_check:
                login = request.headers.get("Authorization", "")
                self._policy.refuse_stranger(login, request.remote_ip or "")
        except Refused as refusal:
            why = {"status": refusal.status, "sentence": str(refusal)}
            return self._application.get_handler_delegate(request, Sentence, why)
        return self._application.find_handler(request)


class Headers(OutputTransform):
    """Says on every answer what a browser may do with it, unless its handler said otherwise."""

    def __init__(self, headers: Mapping[str, str], request: HTTPServerRequest) -> None:
        super().__init__(request)
        self._headers = headers

    def transform_first_chunk(
        self, status_code: int, headers: HTTPHeaders, chunk: bytes, finishing: bool
    ) -> tuple[int, HTTPHeaders, bytes]:
        """Add the headers, and hide the version of Tornado."""
        for name, value in self._headers.items():
            headers.setdefault(name, value)
        if headers.get("Server", "").startswith("Tornado"):
            del headers["Server"]
        return status_code, headers, chunk


class Sentence(RequestHandler):
    """Answers any method with the same sentence."""

    def initialize(self, status: int, sentence: str) -> None:
        """Take what it answers."""
        self._answer = status, sentence

    def prepare(self) -> None:
        """Answer before a method is looked for."""
        answer(self, *self._answer)


class Api(RequestHandler):
    """luigi's API: each call looked at before it reaches the scheduler."""

    def initialize(self, scheduler: PipelineScheduler) -> None:
        """Take the scheduler, and name luigi's version to those who may call it."""
        self._scheduler = scheduler
        self.set_header("Server", f"luigid/{luigi.__version__}")

    def get(self, method: str) -> None:
        """Answer a call: reads for anybody, changes for workers and luigi's own page only."""
        request = self.request
        try:
            if method not in READS:
                refuse_foreign_site(request.headers, request.host, request.method == "GET")
            call = arguments_of(method, self.get_argument("data", default="{}", strip=False))
            task_ids: set[str] = set()
            if method == "add_task":
                refuse_foreign(call, self._scheduler.state.get_task(call.get("task_id")))
                task_ids = {call["task_id"], *(call.get("deps") or ())}
            if method in OF_WORKERS:
                self._scheduler.refuse_excess(call.get("worker"), task_ids)
        except Refused as refusal:
            answer(self, refusal.status, str(refusal))
        else:
            self.write({"response": getattr(self._scheduler, method)(**call)})

    post = get


class Metrics(luigi.server.MetricsHandler):  # type: ignore[misc, unused-ignore]
    """The metrics, in a thread: the disk of the data root does not block scheduling."""

    async def get(self) -> None:
        """Answer with the metrics."""
        await IOLoop.current().run_in_executor(THREADS, super().get)


def answer(handler: RequestHandler, status: int, sentence: str) -> None:
    """Answer with a status and a line of text; a refusal is logged, at most one a minute."""
    if status >= 400:
        REFUSALS.warning("refused %s with %d: %s", handler.request.remote_ip, status, sentence)
    if status == 401:  # a browser asks its user for the password
        handler.set_header("WWW-Authenticate", 'Basic realm="luigid", charset="UTF-8"')
    handler.set_status(status)
    handler.set_header("Content-Type", "text/plain; charset=UTF-8")
    handler.finish(f"{sentence}\n")
