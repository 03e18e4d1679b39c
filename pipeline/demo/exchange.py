"""One connection to the catalogue server: each request read, judged and answered."""

from http import HTTPStatus
from http.server import BaseHTTPRequestHandler
from typing import TYPE_CHECKING
from urllib.parse import parse_qsl, urlsplit

from pipeline.demo.admission import presented_credential
from pipeline.demo.api import answer
from pipeline.demo.reply import Reply, error_reply

if TYPE_CHECKING:
    from pipeline.demo.server import CatalogueServer

BASE_PATH = "/3"
_UNKNOWN_PATH, _BAD_CREDENTIAL, _TOO_FAST = 34, 7, 25


class Exchange(BaseHTTPRequestHandler):
    """Speaks HTTP/1.1 with keep-alive; a reply leaves in one piece, so that nothing waits.

    The buffer below is larger than any reply: head and body are sent together when it is flushed.
    """

    server: "CatalogueServer"
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    wbufsize = 1 << 18
    timeout = 60
    counted = False

    def do_GET(self) -> None:
        """Answer one request; `/stats` is not part of the API: never counted, never slow."""
        url = urlsplit(self.path)
        if url.path == "/stats":
            body = self.server.tally.document()
            self._send(Reply(200, {"Content-Type": "application/json"}, body))
        elif url.path.startswith(f"{BASE_PATH}/"):
            query = dict(parse_qsl(url.query, keep_blank_values=True))
            self._send(self._reply(url.path.removeprefix(BASE_PATH), query))
        else:
            self._send(error_reply(_UNKNOWN_PATH))

    def finish(self) -> None:
        """Count the connection out, whatever became of it."""
        try:
            super().finish()
        finally:
            if self.counted:
                self.server.tally.connection_closed()

    def log_message(self, format: str, *args: object) -> None:
        """Keep quiet: a query may hold a key."""

    def _reply(self, path: str, query: dict[str, str]) -> Reply:
        manners, tally = self.server.manners, self.server.tally
        if not self.counted:
            self.counted = True
            tally.connection_opened()
        tally.request()
        if not self.server.bucket.take():
            tally.refusal()
            return error_reply(_TOO_FAST)
        manners.sleep(manners.latency_seconds)
        credential = presented_credential(query, self.headers.get("Authorization", ""))
        if credential is None or manners.key not in (None, credential):
            return error_reply(_BAD_CREDENTIAL)
        return self._unless_known(answer(path, query, on=manners.on()))

    def _unless_known(self, reply: Reply) -> Reply:
        """A bare 304 for a client that already holds exactly this document."""
        if reply.headers.get("ETag", "-") == self.headers.get("If-None-Match"):
            return Reply(HTTPStatus.NOT_MODIFIED, reply.headers)
        return reply

    def _send(self, reply: Reply) -> None:
        self.send_response(reply.status)
        for name, value in reply.headers.items():
            self.send_header(name, value)
        if reply.status != HTTPStatus.NOT_MODIFIED:
            self.send_header("Content-Length", str(len(reply.body)))
        self.end_headers()
        self.wfile.write(reply.body)
