"""Hold a bill of materials to the environment of this Python: `make sbom`.

.venv/bin/python .ci/sbom.py build/sbom.json
"""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Iterable
from importlib import metadata
from pathlib import Path
from typing import Any

Package = tuple[str, str]


def main(path: Path) -> int:
    """Return 1 where an installed package is not named with its version, or one too many is."""
    installed = {_package(each.name, each.version) for each in metadata.distributions()}
    named = set(named_in(json.loads(path.read_text(encoding="utf-8"))))
    for package, version in sorted(installed ^ named):
        print(f"{package} {version}: installed {(package, version) in installed}, named otherwise")
    if installed == named:
        print(f"{path} names all {len(installed)} installed packages.")
    return int(installed != named)


def named_in(document: dict[str, Any]) -> Iterable[Package]:
    """Return what a CycloneDX document names: its components, and the one they are of."""
    components = [*document.get("components", []), document.get("metadata", {}).get("component")]
    return [_package(each["name"], each["version"]) for each in components if each]


def _package(name: str, version: str) -> Package:
    return re.sub(r"[-_.]+", "-", name).lower(), version


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
