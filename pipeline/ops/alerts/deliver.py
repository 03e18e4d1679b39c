"""Deliver one message: a program of its own, which `send` starts and ends when it hangs.

Reads one JSON object from standard input (urls, title, text), so that no address appears in the
list of processes. Says nothing: Apprise would log the addresses with their passwords. Exit status 0
if at least one address took the message, 1 if none did, 2 if no address is understood.
"""

import json
import logging
import operator
import sys
from concurrent.futures import ThreadPoolExecutor


def main() -> int:
    """Deliver the message on standard input; return the exit status."""
    import apprise

    logging.disable(logging.CRITICAL)
    message = json.load(sys.stdin)
    addresses = apprise.Apprise()
    addresses.add(message["urls"])
    send = operator.methodcaller("notify", body=message["text"], title=message["title"])
    with ThreadPoolExecutor(max(1, len(addresses))) as pool:
        taken = list(pool.map(send, addresses))
    return int(not any(taken)) if taken else 2


if __name__ == "__main__":
    sys.exit(main())
