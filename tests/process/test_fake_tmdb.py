"""The fake TMDB beside forked processes."""

from __future__ import annotations

import multiprocessing
import socket
import time
import warnings
from urllib.parse import urlsplit

import pytest
from support import fake_tmdb
from support.fake_tmdb import FakeTmdb
from support.waiting import wait_for


def test_a_forked_worker_does_not_keep_a_dead_connection_alive() -> None:
    with FakeTmdb(limit=None) as tmdb:
        tmdb.fail(fake_tmdb.reset())
        _expect_reset(tmdb)


def _expect_reset(tmdb: FakeTmdb) -> None:
    address = urlsplit(tmdb.url)
    with (
        socket.create_connection((address.hostname or "", address.port or 0), timeout=10) as sock,
        warnings.catch_warnings(),
    ):
        wait_for(lambda: tmdb.connections == 1)
        warnings.simplefilter("ignore", DeprecationWarning)  # 3.12: fork beside threads
        worker = multiprocessing.get_context("fork").Process(target=time.sleep, args=(60,))
        worker.start()
        try:
            sock.sendall(b"GET /3/movie/popular HTTP/1.1\r\n\r\n")
            with pytest.raises(ConnectionResetError):
                sock.recv(1)
        finally:
            worker.kill()
            worker.join()
            worker.close()
