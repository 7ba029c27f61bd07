"""Small checks from which Block Kit's rules are put together: each writes what is wrong, with a JSON pointer."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any


@dataclass(frozen=True, slots=True)
class Problem:
    """One broken rule; `pointer` is a JSON pointer into the message."""

    pointer: str
    rule: str

    def __str__(self) -> str:
        return f"[ERROR] {self.rule} [json-pointer:{self.pointer}]"


#: Looks at a value, knows where it is, and adds what is wrong with it.
Check = Callable[[Any, str, list[Problem]], None]


def string(longest: int, *, shortest: int = 1) -> Check:
    """Return a check for text of `shortest` to `longest` characters."""

    def check(value: Any, pointer: str, found: list[Problem]) -> None:
        if not isinstance(value, str):
            found.append(Problem(pointer, "must be a string"))
        elif len(value) < shortest:
            found.append(Problem(pointer, f"must be more than {shortest - 1} characters"))
        elif len(value) > longest:
            found.append(Problem(pointer, f"must be less than {longest + 1} characters"))

    return check


def link(longest: int = 3000, *, schemes: tuple[str, ...] = ("https://",)) -> Check:
    """Return a check for an address of at most `longest` characters."""
    is_string = string(longest)

    def check(value: Any, pointer: str, found: list[Problem]) -> None:
        is_string(value, pointer, found)
        if isinstance(value, str) and not value.startswith(schemes):
            found.append(Problem(pointer, f"must begin with {' or '.join(schemes)}"))

    return check


def boolean(value: Any, pointer: str, found: list[Problem]) -> None:
    """Check for true or false."""
    if not isinstance(value, bool):
        found.append(Problem(pointer, "must be a boolean"))


def integer(lowest: int, highest: int) -> Check:
    """Return a check for a whole number in a range, both ends included."""

    def check(value: Any, pointer: str, found: list[Problem]) -> None:
        if not isinstance(value, int) or isinstance(value, bool) or not lowest <= value <= highest:
            found.append(Problem(pointer, f"must be an integer from {lowest} to {highest}"))

    return check


def written_as(pattern: str) -> Check:
    """Return a check for a date or a time in exactly this `strptime` pattern."""

    def check(value: Any, pointer: str, found: list[Problem]) -> None:
        try:
            is_written_so = datetime.strptime(value, pattern).strftime(pattern) == value  # noqa: DTZ007
        except (TypeError, ValueError):
            is_written_so = False
        if not is_written_so:
            found.append(Problem(pointer, f"must be written as {pattern}"))

    return check


def one_of(*values: object) -> Check:
    """Return a check for one of these values."""

    def check(value: Any, pointer: str, found: list[Problem]) -> None:
        if value not in values:
            found.append(Problem(pointer, f"must be one of {', '.join(map(str, values))}"))

    return check


def items(each: Check, lowest: int, highest: int) -> Check:
    """Return a check for a list of `lowest` to `highest` items."""

    def check(value: Any, pointer: str, found: list[Problem]) -> None:
        if not isinstance(value, list):
            found.append(Problem(pointer, "must be an array"))
            return
        if len(value) < lowest:
            found.append(Problem(pointer, f"no fewer than {lowest} items allowed"))
        if len(value) > highest:
            found.append(Problem(pointer, f"no more than {highest} items allowed"))
        for index, item in enumerate(value):
            each(item, f"{pointer}/{index}", found)

    return check


def shape(fields: Mapping[str, Check], *, required: Collection[str] = ()) -> Check:
    """Return a check for an object with these fields and no others; `type` is looked at by whoever chose the shape."""

    def check(value: Any, pointer: str, found: list[Problem]) -> None:
        if not isinstance(value, dict):
            found.append(Problem(pointer, "must be an object"))
            return
        found.extend(Problem(pointer, f"missing required field: {name}") for name in required if name not in value)
        for name, part in value.items():
            if name == "type":
                continue
            if name not in fields:
                found.append(Problem(f"{pointer}/{name}", f"additional property: {name}"))
            else:
                fields[name](part, f"{pointer}/{name}", found)

    return check


def by_type(checks: Mapping[str, Check]) -> Check:
    """Return a check that picks the shape by the object's `type`; a type it does not know is wrong."""

    def check(value: Any, pointer: str, found: list[Problem]) -> None:
        if not isinstance(value, dict):
            found.append(Problem(pointer, "must be an object"))
            return
        kind = value.get("type")
        if not isinstance(kind, str) or kind not in checks:
            found.append(Problem(f"{pointer}/type", f"unsupported type: {kind}"))
            return
        checks[kind](value, pointer, found)

    return check


def both(*checks: Check) -> Check:
    """Return a check that makes all of `checks`."""

    def check(value: Any, pointer: str, found: list[Problem]) -> None:
        for each in checks:
            each(value, pointer, found)

    return check


def exactly_one(*names: str) -> Check:
    """Return a check that exactly one of these fields is there."""

    def check(value: Any, pointer: str, found: list[Problem]) -> None:
        if isinstance(value, dict) and sum(name in value for name in names) != 1:
            found.append(Problem(pointer, f"exactly one of {', '.join(names)} is needed"))

    return check


def at_least_one(*names: str) -> Check:
    """Return a check that one of these fields is there at least."""

    def check(value: Any, pointer: str, found: list[Problem]) -> None:
        if isinstance(value, dict) and not any(value.get(name) for name in names):
            found.append(Problem(pointer, f"at least one of {', '.join(names)} is needed"))

    return check
