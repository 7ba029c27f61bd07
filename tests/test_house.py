"""The plan of the house, checked on the source: who may import whom, how large a module is, what no file may hold."""

from __future__ import annotations

import ast
import importlib
import re
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
PACKAGES = ("bot", "handlers", "storage")
MOST_LINES = 350

#: Floors from the top; imports go down or stay. What is named nowhere is a value: pure, and free to import values only.
FLOORS = {
    "assembly": (
        "bot.__main__",
        "bot.app",
        "bot.cli",
        "bot.connecting",
        "bot.demo",
        "bot.demopage",
        "bot.doctor",
        "bot.running",
        "bot.terminal",
    ),
    "edges": ("bot.logs", "bot.notifier", "bot.scheduler", "bot.slacksocket", "handlers", "storage"),
    "services": (
        "bot.reporting.client",
        "bot.reporting.polls",
        "bot.reporting.service",
        "bot.watching.lanes",
        "bot.watching.polling",
        "bot.watching.sampling",
        "bot.watching.sending",
        "bot.watching.service",
    ),
    # stand-ins for the outside world, as far from the bot as the real ones
    "island playground": ("bot.playground",),
    "island reporting API": ("bot.reporting.server",),
}
LEVEL = {"assembly": 3, "edges": 2, "services": 1, "values": 0}

#: What an island shares with the bot. The playground shares nothing: its rules must not be wrong in the same way.
SHARED_WITH_ISLAND = {
    "island playground": (),
    "island reporting API": ("bot.reporting.models", "bot.reporting.signing", "bot.timerange"),
}
REACHES_ISLANDS = ("bot.cli", "bot.demo", "bot.demopage")
IMPORTS_IN_FUNCTIONS = ("bot.__main__", "bot.cli")

#: Each technology, and the only places that know it.
TECHNOLOGIES = {
    "aiohttp": (
        "bot.app",
        "bot.connecting",
        "bot.demo",
        "bot.doctor",
        "bot.notifier",
        "bot.playground",
        "bot.reporting.polls",
        "bot.reporting.server",
    ),
    "apscheduler": ("bot.scheduler",),
    "click": ("bot.cli",),
    "dotenv": ("bot.settings",),
    "httpx": ("bot.reporting.client", "bot.reporting.signing"),
    "slack_bolt": ("bot.app", "bot.connecting", "bot.slacksocket", "handlers"),
    "slack_sdk": ("bot.connecting", "bot.doctor", "bot.notifier", "bot.slacksocket"),
    "sqlite3": ("storage", "bot.reporting.server"),
    "sqlite_utils": ("storage", "bot.reporting.server"),
    "yaml": ("bot.manifest", "bot.playground"),
}

#: What the values floor may not use: it has no network, clock, chance, processes or log of its own.
NOT_PURE = frozenset({"asyncio", "os", "random", "secrets", "socket", "structlog", "subprocess", "threading", "time"})


@dataclass(frozen=True)
class Import:
    name: str  # dotted, as written; for `from a import b` both `a` and `a.b`
    line: int
    is_in_function: bool


@dataclass(frozen=True)
class Module:
    name: str
    path: Path

    @cached_property
    def tree(self) -> ast.Module:
        return ast.parse(self.path.read_text(encoding="utf-8"), str(self.path))

    @cached_property
    def imports(self) -> tuple[Import, ...]:
        return tuple(_imports(self.tree, is_in_function=False))

    @cached_property
    def floor(self) -> str:
        fits = (floor for floor, places in FLOORS.items() for place in places if is_in(self.name, place))
        return next(fits, "values")

    @property
    def ours(self) -> frozenset[str]:
        """Our modules that this one imports."""
        return frozenset(found.name for found in self.imports if found.name in MODULES and found.name != self.name)


def _imports(node: ast.AST, *, is_in_function: bool) -> Iterator[Import]:
    for child in ast.iter_child_nodes(node):
        match child:
            case ast.Import():
                yield from (Import(alias.name, child.lineno, is_in_function) for alias in child.names)
            case ast.ImportFrom():
                assert child.level == 0, f"line {child.lineno}: imports are absolute"
                yield Import(str(child.module), child.lineno, is_in_function)
                names = (f"{child.module}.{alias.name}" for alias in child.names)
                yield from (Import(name, child.lineno, is_in_function) for name in names)
            case ast.FunctionDef() | ast.AsyncFunctionDef() | ast.Lambda():
                yield from _imports(child, is_in_function=True)
            case _:
                yield from _imports(child, is_in_function=is_in_function)


def is_in(name: str, place: str) -> bool:
    """Tell whether a module is `place` or stands inside it."""
    return name == place or name.startswith(f"{place}.")


def _modules() -> Iterator[Module]:
    for package in PACKAGES:
        for path in sorted((ROOT / package).rglob("*.py")):
            parts = path.relative_to(ROOT).with_suffix("").parts
            yield Module(".".join(parts[:-1] if parts[-1] == "__init__" else parts), path)


MODULES = {module.name: module for module in _modules()}


def test_every_named_place_exists() -> None:
    named = {
        place for table in (FLOORS, TECHNOLOGIES, SHARED_WITH_ISLAND) for places in table.values() for place in places
    }

    assert named - MODULES.keys() == set()


def test_imports_go_down() -> None:
    wrong = [
        f"{module.name} ({module.floor}) imports {name} ({MODULES[name].floor})"
        for module in MODULES.values()
        for name in sorted(module.ours)
        if module.floor in LEVEL and LEVEL.get(MODULES[name].floor, 0) > LEVEL[module.floor]
    ]

    assert wrong == []


def test_handlers_and_storage_never_meet() -> None:
    wrong = [
        f"{module.name} imports {name}"
        for module in MODULES.values()
        for name in module.ours
        if {module.name.partition(".")[0], name.partition(".")[0]} == {"handlers", "storage"}
    ]

    assert wrong == []


def test_islands_are_reached_from_the_demo_and_know_little_of_the_bot() -> None:
    wrong = []
    for module in MODULES.values():
        for name in module.ours:
            here, there = module.floor, MODULES[name].floor
            if here == there:
                continue
            if there not in LEVEL and module.name not in REACHES_ISLANDS:
                wrong.append(f"{module.name} reaches {name}")
            may_know = SHARED_WITH_ISLAND.get(here, MODULES)
            if name not in may_know and MODULES[name].path.name != "__init__.py":
                wrong.append(f"{module.name} knows {name}")

    assert wrong == []


def test_no_module_imports_itself_in_a_circle() -> None:
    try:
        TopologicalSorter({module.name: module.ours for module in MODULES.values()}).prepare()
    except CycleError as error:
        pytest.fail(" <- ".join(error.args[1]))


@pytest.mark.parametrize("technology", TECHNOLOGIES)
def test_a_technology_is_known_in_its_places_only(technology: str) -> None:
    wrong = {
        module.name
        for module in MODULES.values()
        if any(is_in(found.name, technology) for found in module.imports)
        and not any(is_in(module.name, place) for place in TECHNOLOGIES[technology])
    }

    assert wrong == set()


def test_values_are_pure() -> None:
    wrong = {
        f"{module.name} imports {found.name}"
        for module in MODULES.values()
        if module.floor == "values"
        for found in module.imports
        if found.name.partition(".")[0] in NOT_PURE
    }

    assert wrong == set()


def test_imports_stand_at_the_top() -> None:
    wrong = [
        f"{module.name}:{found.line}"
        for module in MODULES.values()
        if module.name not in IMPORTS_IN_FUNCTIONS
        for found in module.imports
        if found.is_in_function
    ]

    assert wrong == []


def test_the_bootstrap_needs_nothing_but_the_standard_library() -> None:
    at_the_top = {found.name for found in MODULES["bot.__main__"].imports if not found.is_in_function}

    assert {name.partition(".")[0] for name in at_the_top} <= sys.stdlib_module_names
    ast.parse(MODULES["bot.__main__"].path.read_text(), feature_version=(3, 6))


@pytest.mark.parametrize("name", [name for name, module in MODULES.items() if module.path.name == "__init__.py"])
def test_a_package_is_introduced_by_a_docstring_and_nothing_else(name: str) -> None:
    docstring, *rest = MODULES[name].tree.body

    assert isinstance(docstring, ast.Expr)
    match name:
        case "handlers":  # registers its own modules
            return
        case "bot":
            assert [ast.unparse(statement).partition(" = ")[0] for statement in rest] == ["__version__"]
        case _:
            assert rest == []


def test_modules_are_rooms_and_not_halls() -> None:
    lines = {name: len(module.path.read_text().splitlines()) for name, module in MODULES.items()}

    assert {name: count for name, count in lines.items() if count > MOST_LINES} == {}


def test_each_module_can_be_imported_alone() -> None:
    """One process for all, which forgets our modules in between; libraries stay, or it would take a minute."""
    script = (
        "import importlib, sys\n"
        "for name in sys.argv[1:]:\n"
        f"    for known in [key for key in sys.modules if key.partition('.')[0] in {PACKAGES}]:\n"
        "        del sys.modules[known]\n"
        "    importlib.import_module(name)\n"
    )
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", script, *MODULES],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=25,
        check=False,
    )

    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


@pytest.mark.parametrize("package", PACKAGES)
def test_our_packages_come_from_this_checkout(package: str) -> None:
    """Their names are common: another `storage` that is installed somewhere would be taken without a word."""
    assert Path(str(importlib.import_module(package).__file__)).parent == ROOT / package


#: Written so that this file does not hold what it looks for.
FORBIDDEN = {
    "a package registry": re.compile(r"pythonhost[e]d|pyp[i]\.org|npmj[s]\.(?:com|org)|--index-ur[l]|find-link[s] "),
    "a folder of somebody's machine": re.compile(r"/roo[t]/|/wor[k]/|/hom[e]/[a-z]|/User[s]/[A-Za-z]|[C]:\\Users"),
    "what looks like a token": re.compile(r"xox[abeprs]-[0-9]{8,}-|xap[p]-[0-9]-A[A-Z0-9]{8,}|-----BEGI[N]"),
}
SKIPPED = frozenset(
    {".git", ".venv", "__pycache__", ".pytest_cache", ".mypy_cache", ".ruff_cache", ".hypothesis", "dist"}
)
PLACES = (*PACKAGES, "tests", ".ci")


def _files() -> Iterator[Path]:
    """Yield what is, or may become, part of the repository; not .env, databases and other things of this machine."""
    for path in ROOT.iterdir():
        if path.is_file() and path.suffix not in {".db", ".lock", ".db-wal", ".db-shm"} and path.name != ".env":
            yield path
    for place in PLACES:
        yield from (
            path for path in (ROOT / place).rglob("*") if path.is_file() and SKIPPED.isdisjoint(path.parts)
        )  # fmt: skip


@pytest.mark.parametrize("what", FORBIDDEN)
def test_no_file_holds(what: str) -> None:
    found = [
        f"{path.relative_to(ROOT)}:{number}"
        for path in _files()
        for number, line in enumerate(path.read_text(encoding="utf-8", errors="replace").splitlines(), 1)
        if FORBIDDEN[what].search(line)
    ]

    assert found == []
