"""Hosts as network namespaces: each has a cable to a bridge in the namespace of the hub."""

from __future__ import annotations

import contextlib
import subprocess
from collections.abc import Iterator
from typing import NamedTuple

HUB_ADDRESS = "10.77.0.1"


class Network(NamedTuple):
    """The namespaces of a trial by their common name."""

    name: str

    @property
    def hub(self) -> str:
        """The namespace of the hub."""
        return f"{self.name}-hub"

    def host(self, number: int) -> str:
        """Return the namespace of a host."""
        return f"{self.name}-{number}"

    def cut_off(self, number: int) -> None:
        """Pull out a host's cable: what is sent is lost, and nothing is refused."""
        _ip("-n", self.hub, "link", "set", f"port{number}", "nomaster")

    def connect(self, number: int) -> None:
        """Plug in a host's cable."""
        _ip("-n", self.hub, "link", "set", f"port{number}", "master", "bridge", "up")


@contextlib.contextmanager
def make_network(name: str, hosts: int) -> Iterator[Network]:
    """Make the namespaces of the hub and of so many hosts; needs root."""
    network = Network(name)
    numbers = range(1, hosts + 1)
    names = [network.hub, *map(network.host, numbers)]
    with contextlib.ExitStack() as made:
        for each in names:
            _ip("netns", "add", each)
            made.callback(_ip, "netns", "delete", each)
            _ip("-n", each, "link", "set", "lo", "up")
        _ip("-n", network.hub, "link", "add", "bridge", "type", "bridge")
        _address(network.hub, "bridge", HUB_ADDRESS)
        for number in numbers:
            host = network.host(number)
            cable = ("type", "veth", "peer", "name", "eth0", "netns", host)
            _ip("-n", network.hub, "link", "add", f"port{number}", *cable)
            network.connect(number)
            _address(host, "eth0", f"10.77.0.{number + 1}")
        yield network


def _address(namespace: str, device: str, address: str) -> None:
    _ip("-n", namespace, "address", "add", f"{address}/24", "dev", device)
    _ip("-n", namespace, "link", "set", device, "up")


def _ip(*words: str) -> None:
    subprocess.run(["ip", *words], check=True)
