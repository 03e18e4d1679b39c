"""The layers of the code: imports point down, and each outside thing has its one place.

Read from the source with `ast`; nothing is imported and nothing run.
"""

from __future__ import annotations

import ast
import datetime
import itertools
import re
import sys
import time
from collections.abc import Iterator, Mapping
from graphlib import CycleError, TopologicalSorter
from typing import TypeGuard

import pytest
from luigi.task import flatten
from support.layers import SOURCES, entry_of, is_one_of, layer_of

from pipeline.roots import FAMILIES, ROOTS
from pipeline.tasks import registry

PURE = 1
"""The highest layer that imports the standard library only, besides what `ONLY_IN` grants it."""

SETTINGS = {
    "pipeline.settings",
    "pipeline.ops.settings",
    "pipeline.ops.configuration",
}
"""Where settings come from; who tells where each came from."""
REQUESTS = {"pipeline.tmdb.transport", "pipeline.ops.alerts.heartbeat"}
"""The client of TMDB, and the one request of the heartbeat, which has nothing to do with TMDB."""
CLOCK = {"pipeline.clock"}
LAYOUT = {"pipeline.paths"}
LUIGI = {
    "pipeline",
    "pipeline.luigi_cli",
    "pipeline.runtime.*",
    "pipeline.tasks.*",
    "pipeline.ops.history.recorder",
    "pipeline.ops.luigid.*",
    "pipeline.tasks.graph",
    "pipeline.runtime.luigi_configuration",
    "pipeline.ops.runs.session",
    "pipeline.ops.runs.scheduler_choice",
    "pipeline.runtime.signals",
}
CRONSIM = {"pipeline.ops.schedule.times"}
"""The one module that computes the times of a crontab."""
SQLALCHEMY = {"pipeline.postgres", "pipeline.ops.history.*", "pipeline.warehouse.*"}
"""What talks to a database: the task history and the warehouse."""

OPS = "pipeline.ops"
OF_LUIGID = {f"{OPS}.luigid.*", f"{OPS}.history.*"}
OF_OPS_IN = {f"{OPS}.luigid.*": OF_LUIGID, f"{OPS}.history.*": OF_LUIGID - {f"{OPS}.luigid.*"}}
"""Package -> what it may import of ops: neither needs the commands that use it."""

JSON = {
    "pipeline.storage.archive",
    "pipeline.catalog",
    "pipeline.ops.history.events",
    "pipeline.ops.history.spool",
    "pipeline.ops.luigid.calls",
    "pipeline.ops.prune.*",
    "pipeline.retention.*",
    "pipeline.ops.runs.record",
    "pipeline.ops.runs.session",
    "pipeline.ops.schedule.pauses",
    "pipeline.documents.due_times",
    "pipeline.documents.json_text",
    "pipeline.documents.run_record",
    "pipeline.documents.schema",
    "pipeline.quality.*",
    "pipeline.runtime.journal",
    "pipeline.tmdb.page",
    "pipeline.tmdb.response",
    "pipeline.typed_tables",
}

ONLY_IN = {
    "requests": REQUESTS,
    "sqlalchemy": SQLALCHEMY,
    "luigi": LUIGI,
    "msgspec": JSON,
    "cronsim": CRONSIM,
    "gcld3": {"pipeline.quality.language"},
    "tornado": {"pipeline.pages.*", "pipeline.ops.history.pages", "pipeline.ops.luigid.*"},
}
SHAPELESS = {"utils", "util", "helpers", "helper", "common", "misc"}
ASKS_THE_CLOCK = {"now", "today", "utcnow"}
TIME_MODULE = set(dir(time))
"""What `time.` offers where it is the module; a moment that is named `time` has other methods."""
READS_THE_ENVIRONMENT = {"environ", "environb", "getenv", "getenvb", "putenv", "unsetenv"}
DATA_FOLDERS = ("raw/", "processed/")
OF_A_DAY = ("Date", "Day", "Week", "Month")
YIELDS = (ast.Yield, ast.YieldFrom)


def imports(tree: ast.Module, module: str, known: set[str]) -> Iterator[str]:
    """Every module imported anywhere in the text; `from a import b` is a.b where that is one."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert not node.level, f"{module}: a relative import; name the whole module"
            whole = [f"{node.module}.{alias.name}" for alias in node.names]
            yield from (name if name in known else str(node.module) for name in whole)


def docstrings(tree: ast.Module) -> set[int]:
    """The constants that stand as a statement of their own, by identity."""
    return {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}


def faults(module: str, source: str) -> list[str]:
    """All that this text of a module breaks."""
    tree = ast.parse(source)
    return [
        *faults_of_the_name(module),
        *faults_of_imports(module, tree),
        *faults_of_the_environment(module, tree),
        *faults_of_the_clock(module, tree),
        *faults_of_paths(module, tree),
        *faults_of_tasks(tree),
    ]


def faults_of_the_name(module: str) -> Iterator[str]:
    for part in set(module.split(".")) & SHAPELESS:
        yield f"a module named {part}"
    if layer_of(module) is None:
        yield "in no layer"


def faults_of_imports(module: str, tree: ast.Module) -> Iterator[str]:
    own = layer_of(module)
    for name in imports(tree, module, {*SOURCES, module}):
        outside = name.partition(".")[0]
        if outside == "pipeline":
            other = layer_of(name)
            if own is not None and (other is None or other > own):
                yield f"imports {name}, which is above it"
            package = entry_of(module, dict.fromkeys(OF_OPS_IN, 0))
            if package and name.startswith(OPS) and not is_one_of(name, OF_OPS_IN[package]):
                yield f"imports {name}, which is outside of {package}"
        elif outside in ONLY_IN and not is_one_of(module, ONLY_IN[outside]):
            yield f"imports {outside}"
        elif outside in ONLY_IN or outside in sys.stdlib_module_names:
            continue
        elif own is not None and own <= PURE:
            yield f"imports {outside}, which is not of the standard library"


def faults_of_the_environment(module: str, tree: ast.Module) -> Iterator[str]:
    if module in SETTINGS:
        return
    for node in ast.walk(tree):
        if is_attribute_of(node, {"os"}, READS_THE_ENVIRONMENT) or imports_of_os(node):
            yield f"reads the environment in line {node.lineno}"


def imports_of_os(node: ast.AST) -> TypeGuard[ast.ImportFrom]:
    """`from os import environ` and the like."""
    return (
        isinstance(node, ast.ImportFrom)
        and node.module == "os"
        and not READS_THE_ENVIRONMENT.isdisjoint(alias.name for alias in node.names)
    )


def faults_of_the_clock(module: str, tree: ast.Module) -> Iterator[str]:
    if module in CLOCK:
        return
    for node in ast.walk(tree):
        if is_attribute_of(node, {"datetime", "date"}, ASKS_THE_CLOCK) or is_attribute_of_name(
            node, "time", TIME_MODULE
        ):
            yield f"asks the clock in line {node.lineno}"
        elif isinstance(node, ast.Import) and any(alias.name == "time" for alias in node.names):
            yield f"imports time in line {node.lineno}"
        elif isinstance(node, ast.ImportFrom) and node.module == "time":
            yield f"imports from time in line {node.lineno}"


def faults_of_paths(module: str, tree: ast.Module) -> Iterator[str]:
    if module in LAYOUT:
        return
    said = docstrings(tree)
    for node in ast.walk(tree):
        if not isinstance(node, ast.Constant) or id(node) in said:
            continue
        if isinstance(node.value, str) and any(each in node.value for each in DATA_FOLDERS):
            yield f"names a folder of the data root in line {node.lineno}"


def faults_of_tasks(tree: ast.Module) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.ClassDef):
            yield from faults_of_a_class(node)
        elif isinstance(node, ast.Subscript) and is_an_input(node.value) and is_number(node.slice):
            yield f"names an input by its position in line {node.lineno}"
        elif is_day_parameter_with_default(node):
            yield f"a default for a date in line {node.lineno}"


def faults_of_a_class(node: ast.ClassDef) -> Iterator[str]:
    for each in node.body:
        if not isinstance(each, ast.FunctionDef):
            continue
        if each.name == "complete":
            yield f"overrides complete in line {each.lineno}"
        if each.name == "run" and any(isinstance(inner, YIELDS) for inner in ast.walk(each)):
            yield f"a dynamic requirement in line {each.lineno}"


def is_attribute_of(node: ast.AST, owners: set[str], names: set[str]) -> TypeGuard[ast.Attribute]:
    """`owner.name`, and `something.owner.name` as in datetime.datetime.now."""
    return (
        isinstance(node, ast.Attribute)
        and node.attr in names
        and (
            is_name(node.value, owners)
            or (isinstance(node.value, ast.Attribute) and node.value.attr in owners)
        )
    )


def is_attribute_of_name(node: ast.AST, owner: str, names: set[str]) -> TypeGuard[ast.Attribute]:
    """`owner.name`, and nothing longer."""
    return isinstance(node, ast.Attribute) and node.attr in names and is_name(node.value, {owner})


def is_name(node: ast.AST, names: set[str]) -> bool:
    return isinstance(node, ast.Name) and node.id in names


def is_an_input(node: ast.AST) -> bool:
    return (
        isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and node.func.attr in ("input", "requires")
    )


def is_number(node: ast.AST) -> bool:
    try:
        return type(ast.literal_eval(node)) is int
    except ValueError:
        return False


def is_day_parameter_with_default(node: ast.AST) -> TypeGuard[ast.Call]:
    if not isinstance(node, ast.Call):
        return False
    name = getattr(node.func, "attr", getattr(node.func, "id", ""))
    is_of_a_day = name.endswith("Parameter") and any(each in name for each in OF_A_DAY)
    return is_of_a_day and any(keyword.arg == "default" for keyword in node.keywords)


def test_there_is_something_to_check() -> None:
    assert {"pipeline", "pipeline.luigi_cli", "pipeline.tasks.daily"} <= set(SOURCES)
    assert len(SOURCES) > 20


@pytest.mark.parametrize("module", SOURCES)
def test_a_module_keeps_to_its_layer_and_its_business(module: str) -> None:
    assert faults(module, SOURCES[module]) == []


@pytest.mark.parametrize(
    ("module", "source", "fault"),
    [
        ("pipeline.documents.summary", "from pipeline import storage", "imports pipeline.storage"),
        (
            "pipeline.catalog",
            "from pipeline.documents.collect import Page",
            "imports pipeline.documents.collect",
        ),
        ("pipeline.storage.local", "import pipeline.tasks.daily", "imports pipeline.tasks.daily"),
        (
            "pipeline.tasks.daily",
            "from pipeline.luigi_cli import luigi",
            "imports pipeline.luigi_cli",
        ),
        ("pipeline.tasks.daily", "from pipeline import DailySummary", "imports pipeline,"),
        ("pipeline.paths", "def f():\n    from pipeline.ops import backup", "pipeline.ops"),
        ("pipeline.storage.local", "from pipeline.unheard import of", "imports pipeline.unheard"),
        ("pipeline.unheard", "", "in no layer"),
        ("pipeline.tasks.utils", "", "a module named utils"),
        ("pipeline.tmdb.helpers.text", "", "a module named helpers"),
        ("pipeline.documents.summary", "import tqdm", "not of the standard library"),
        ("pipeline.tmdb.client", "import requests", "imports requests"),
        ("pipeline.tasks.daily", "from requests.auth import AuthBase", "imports requests"),
        ("pipeline.storage.local", "import sqlalchemy.orm", "imports sqlalchemy"),
        ("pipeline.ops.luigid.serve", "from pipeline.ops import overdue", "outside of"),
        ("pipeline.ops.history.pages", "import pipeline.ops.luigid.policy", "outside of"),
        ("pipeline.tmdb.client", "from luigi import Task", "imports luigi"),
        ("pipeline.storage.local", "import luigi.format", "imports luigi"),
        ("pipeline.paths", "import os\nos.environ['HOME']", "reads the environment in line 2"),
        ("pipeline.runtime.luigi_setup", "import os\nos.getenv('HOME')", "reads the environment"),
        ("pipeline.paths", "from os import environ", "reads the environment"),
        ("pipeline.tasks.daily", "datetime.datetime.now()", "asks the clock"),
        ("pipeline.tasks.daily", "datetime.now(UTC)", "asks the clock"),
        ("pipeline.demo.api", "date.today()", "asks the clock"),
        ("pipeline.documents.collect", "datetime.date.today()", "asks the clock"),
        ("pipeline.tmdb.rate_limit", "import time", "imports time"),
        ("pipeline.demo.server", "import time\ntime.sleep(1)", "asks the clock in line 2"),
        ("pipeline.tmdb.response", "from time import monotonic", "imports from time"),
        ("pipeline.ops.schedule.times", "import time\ntime.tzset()", "asks the clock in line 2"),
        ("pipeline.ops.schedule.job", "time.sleep(1)", "asks the clock in line 1"),
        ("pipeline.ops.schedule.job", "from cronsim import CronSim", "imports cronsim"),
        ("pipeline.ops.alerts.send", "import requests", "imports requests"),
        ("pipeline.ops.runs.record", "import luigi", "imports luigi"),
        ("pipeline.ops.schedule.job", "from luigi.rpc import RPCError", "imports luigi"),
        (
            "pipeline.ops.schedule.job_process",
            "import os\nos.environ.update(x)",
            "reads the environment",
        ),
        ("pipeline.ops.runs.session", "import os\nos.environ.pop('TZ')", "reads the environment"),
        ("pipeline.tasks.weekly", "root / f'raw/movies/{slug}.json'", "names a folder"),
        ("pipeline.storage.local", "PLACE = 'processed/weekly'", "names a folder"),
        ("pipeline.tasks.daily", "class A:\n    def complete(self): ...", "overrides complete"),
        ("pipeline.tasks.daily", "class A:\n    def run(self):\n        yield B()", "dynamic"),
        ("pipeline.tasks.daily", "self.input()[1]", "by its position"),
        ("pipeline.tasks.daily", "self.input()[-1]", "by its position"),
        ("pipeline.tasks.daily", "DayParameter(default=None)", "a default for a date"),
        ("pipeline.tasks.daily", "luigi.DateParameter(default=x)", "a default for a date"),
    ],
)
def test_the_check_notices(module: str, source: str, fault: str) -> None:
    assert any(fault in each for each in faults(module, source))


@pytest.mark.parametrize(
    ("module", "source"),
    [
        (
            "pipeline.documents.summary",
            '"""Reads raw/movies."""\nfrom pipeline.version import VERSION',
        ),
        ("pipeline.tasks.daily", "import luigi\nfrom pipeline import clock\nclock.today()"),
        ("pipeline.tasks.daily", "self.input()['report']"),
        ("pipeline.tmdb.transport", "import requests"),
        ("pipeline.settings", "import os\nos.environ.get('TMDB_API_KEY')"),
        ("pipeline.settings", "import os\nos.environ.update(variables)"),
        ("pipeline.clock", "import time\ntime.monotonic()"),
        ("pipeline.clock", "import time\ntime.tzset()"),
        ("pipeline.ops.schedule.times", "for time in times:\n    time.astimezone(UTC)"),
        ("pipeline.ops.schedule.times", "from cronsim import CronSim"),
        ("pipeline.ops.alerts.heartbeat", "def send():\n    import requests"),
        ("pipeline.ops.runs.session", "import luigi"),
        ("pipeline.ops.runs.scheduler_choice", "from luigi.rpc import RemoteScheduler"),
        ("pipeline.paths", "root / 'raw/movies'"),
        ("pipeline.storage.local", "PLACE = 1\n'Below processed/weekly.'"),
    ],
)
def test_the_check_lets_good_text_pass(module: str, source: str) -> None:
    assert faults(module, source) == []


def cycle(sources: Mapping[str, str]) -> list[str]:
    """Return a cycle of imports, each module with the one that it imports next; none is empty.

    Imports in functions count, since they only hide a cycle. Those for type checking do not.
    """
    imported_by = {module: imported_modules(source, sources) for module, source in sources.items()}
    try:
        TopologicalSorter(imported_by).prepare()
    except CycleError as error:
        found: list[str] = error.args[1]
        return found[::-1]
    return []


def imported_modules(source: str, sources: Mapping[str, str]) -> set[str]:
    """Return the modules among the sources that a module imports when it runs."""
    running = "".join(
        f"{ast.unparse(node)}\n"
        for node in statements(ast.parse(source))
        if isinstance(node, ast.Import | ast.ImportFrom)
    )
    return set(imports(ast.parse(running), "", {*sources})) & {*sources}


def statements(node: ast.AST) -> Iterator[ast.AST]:
    """Yield all nodes except those that only a type checker sees."""
    yield node
    children = node.orelse if is_for_type_checking(node) else ast.iter_child_nodes(node)
    for child in children:
        yield from statements(child)


def is_for_type_checking(node: ast.AST) -> TypeGuard[ast.If]:
    """Return whether the node is `if TYPE_CHECKING:`."""
    return isinstance(node, ast.If) and "TYPE_CHECKING" in (
        getattr(node.test, "id", ""),
        getattr(node.test, "attr", ""),
    )


def test_no_module_imports_itself_through_others() -> None:
    assert " -> ".join(cycle(SOURCES)) == ""


@pytest.mark.parametrize(
    "source",
    [
        "from pipeline.ops import b",
        "from pipeline.ops.b import name",
        "import pipeline.ops.b",
        "def f():\n    from pipeline.ops import b",
        "class A:\n    def f(self):\n        import pipeline.ops.b as b",
        "try:\n    import pipeline.ops.b\nexcept ImportError:\n    pass",
        "if TYPE_CHECKING:\n    x = 1\nelse:\n    import pipeline.ops.b",
        "if not TYPE_CHECKING:\n    import pipeline.ops.b",
    ],
)
def test_a_cycle_is_noticed(source: str) -> None:
    others = {"pipeline.ops.b": "import pipeline.ops.c", "pipeline.ops.c": "import pipeline.ops.a"}
    found = cycle({"pipeline.ops.a": source, **others})
    assert sorted(set(found)) == ["pipeline.ops.a", "pipeline.ops.b", "pipeline.ops.c"]
    assert ("pipeline.ops.a", "pipeline.ops.b") in itertools.pairwise(found)


def test_a_module_that_imports_itself_is_a_cycle() -> None:
    assert cycle({"pipeline.ops.a": "import pipeline.ops.a"}) == ["pipeline.ops.a"] * 2


@pytest.mark.parametrize(
    "source",
    [
        "",
        "import pipeline.ops.c",
        "from pipeline.ops import c",
        "if TYPE_CHECKING:\n    from pipeline.ops import b",
        "import typing\nif typing.TYPE_CHECKING:\n    import pipeline.ops.b",
    ],
)
def test_imports_without_a_cycle_pass(source: str) -> None:
    others = {"pipeline.ops.b": "import pipeline.ops.a", "pipeline.ops.c": "import json"}
    assert cycle({"pipeline.ops.a": source, **others}) == []


# The names of the operations part


OF_OPS = {name: text for name, text in SOURCES.items() if name.startswith(f"{OPS}.")}
ROOT_TASKS = re.compile(r"\b(DailySummary|WeeklyConsolidation)\b")


def test_no_module_of_ops_names_a_root_task() -> None:
    """A further root task is one more entry of that table."""
    naming = set()
    for module, source in OF_OPS.items():
        tree = ast.parse(source)
        said = docstrings(tree)
        texts = [each for each in ast.walk(tree) if isinstance(each, ast.Constant)]
        if any(
            isinstance(each.value, str) and id(each) not in said and ROOT_TASKS.search(each.value)
            for each in texts
        ):
            naming.add(module)
    assert naming == set()  # `pipeline.roots` is that table


def test_a_class_of_ops_has_a_name_of_its_own() -> None:
    modules: dict[str, list[str]] = {}
    for module, source in OF_OPS.items():
        for node in ast.walk(ast.parse(source)):
            if isinstance(node, ast.ClassDef) and not node.name.startswith("_"):
                modules.setdefault(node.name, []).append(module)
    assert {name: where for name, where in modules.items() if len(where) > 1} == {}


def test_a_module_of_ops_has_a_name_of_its_own() -> None:
    """The command `backup` is the module of that name, and uses the package of that name."""
    modules: dict[str, list[str]] = {}
    for module in OF_OPS:
        if not module.startswith(f"{OPS}.commands."):
            modules.setdefault(module.rpartition(".")[2], []).append(module)
    assert {name: where for name, where in modules.items() if len(where) > 1} == {}


def test_the_steps_of_a_root_task_are_tasks_that_there_are() -> None:
    assert set(FAMILIES) <= set(registry.__all__)
    for family, root in ROOTS.items():
        task = getattr(registry, family)(date=datetime.date(2024, 1, 7))
        required = {each.task_family for each in flatten(task.requires())}
        assert required <= set(root.steps)
        assert root.steps[-2:] == (root.report_task, family)
