"""The layers of the package: which module belongs to which."""

from __future__ import annotations

from pathlib import Path

from support.repository import REPOSITORY

PACKAGE = REPOSITORY / "pipeline"

TOP = 5
LAYERS = {
    # 5: what a user starts, and what operates it
    "pipeline": TOP,
    "pipeline.luigi_cli": TOP,
    "pipeline.ops.*": TOP,
    # 4: the graph
    "pipeline.tasks.*": 4,
    # 3: what a run needs around it
    "pipeline.runtime.*": 3,
    "pipeline.identity": 3,
    # 2: I/O
    "pipeline.tmdb.*": 2,
    "pipeline.settings": 2,
    "pipeline.postgres": 2,
    "pipeline.demo.*": 2,
    "pipeline.storage.*": 2,
    "pipeline.retention.*": 2,
    "pipeline.warehouse.*": 2,
    # 1: pure, from documents to documents
    "pipeline.documents.*": 1,
    "pipeline.quality.*": 1,
    "pipeline.pages.*": 1,
    "pipeline.warehouse.rows": 1,
    # 0: facts and names
    "pipeline.errors": 0,
    "pipeline.sanitize": 0,
    "pipeline.version": 0,
    "pipeline.catalog": 0,
    "pipeline.roots": 0,
    "pipeline.genres": 0,
    "pipeline.tmdb.credential": 0,
    "pipeline.tmdb.page": 0,
    "pipeline.typed_tables": 0,
    "pipeline.paths": 0,
    "pipeline.clock": 0,
}
"""Module -> layer. `a.b.*` is a.b and all below it."""


LOWER = 2
"""The highest of the layers that unit tests cover: above it are luigi and the commands."""


def module_name(path: Path) -> str:
    parts = ("pipeline", *path.relative_to(PACKAGE).with_suffix("").parts)
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


SOURCES = {module_name(path): path.read_text("utf-8") for path in sorted(PACKAGE.rglob("*.py"))}


def is_one_of(module: str, names: set[str] | dict[str, int]) -> bool:
    return entry_of(module, names) is not None


def entry_of(module: str, names: set[str] | dict[str, int]) -> str | None:
    """The entry that covers the module: its own name, or a prefix with a star."""
    if module in names:
        return module
    parts = module.split(".")
    prefixes = (".".join(parts[:length]) + ".*" for length in range(len(parts), 0, -1))
    return next((prefix for prefix in prefixes if prefix in names), None)


def layer_of(module: str) -> int | None:
    entry = entry_of(module, LAYERS)
    return None if entry is None else LAYERS[entry]


def lower_layers() -> dict[str, str]:
    """Return the modules that unit tests cover, each with its file as the repository names it."""
    return {
        module: file_of(module)
        for module in SOURCES
        if (layer := layer_of(module)) is not None and layer <= LOWER
    }


def file_of(module: str) -> str:
    """Return the path of a module of the package, from the repository on."""
    path = Path(*module.split("."))
    is_package = (REPOSITORY / path).is_dir()
    return (path / "__init__.py" if is_package else path.with_suffix(".py")).as_posix()
