"""Call records from a CSV file, so that a team can try the bot on its own calls.

    type,endpoint,domain,start,duration_s,result
    username,abc123,pstn,2014-04-28T12:00:00Z,311,success

Columns may come in any order, others are ignored; comma or semicolon; UTF-8 with or without a byte-order mark.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator
from pathlib import Path

from bot.reporting.models import Domain, Identity, IdentityType
from bot.reporting.server.calls import CallRecord
from bot.reporting.server.times import NS_PER_MS, parse_instant_ns

COLUMNS = ("type", "endpoint", "domain", "start", "duration_s", "result")
_RESULTS = {"success": True, "failed": False}
_LONGEST_S = 2**31 - 1  # the API's durations are signed 32-bit numbers
_WHOLE = re.compile(r"[0-9]{1,10}")


class CallFileError(ValueError):
    """A CSV file that cannot be loaded; says which line and why, for people."""

    def __init__(self, line: int, reason: str) -> None:
        super().__init__(f"line {line}: {reason}")
        self.line = line  # counted from 1, the header included
        self.reason = reason


def read_csv(path: Path) -> list[CallRecord]:
    """Return all calls of the file.

    Raises CallFileError naming the first wrong line, OSError when the file cannot be read.
    """
    return list(parse_csv(_read(path)))


def parse_csv(text: str) -> Iterator[CallRecord]:
    """Yield the calls in a CSV text. Raises CallFileError at the first line that is wrong."""
    header, _, _ = text.partition("\n")
    delimiter = ";" if header.count(";") > header.count(",") else ","
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    try:
        places = _find_columns(next(reader, []))
        for row in reader:
            if any(cell.strip() for cell in row):
                yield _parse_row(row, places, reader.line_num)
    except csv.Error as error:
        raise CallFileError(reader.line_num, f"is no CSV: {error}") from error


def _read(path: Path) -> str:
    content = path.read_bytes()
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise CallFileError(line, "is not UTF-8; save the file as 'CSV UTF-8'") from error


def _find_columns(header: list[str]) -> dict[str, int]:
    """Return where each column is, counted from 0."""
    names = [name.strip().lower() for name in header]
    missing = [column for column in COLUMNS if column not in names]
    if missing:
        raise CallFileError(1, f"the header lacks {', '.join(missing)}; it must name {','.join(COLUMNS)}")
    return {column: names.index(column) for column in COLUMNS}


def _parse_row(row: list[str], places: dict[str, int], line: int) -> CallRecord:
    if len(row) <= max(places.values()):
        raise CallFileError(line, f"has {len(row)} fields; at least {max(places.values()) + 1} are needed")
    cells = {column: row[place].strip() for column, place in places.items()}
    type_word, domain_word, result = cells["type"].lower(), cells["domain"].lower(), cells["result"].lower()
    if type_word not in list(IdentityType):
        raise CallFileError(line, f"type must be one of {', '.join(IdentityType)}, not {cells['type']!r}")
    if not cells["endpoint"]:
        raise CallFileError(line, "endpoint is empty")
    if type_word == IdentityType.NUMBER and not cells["endpoint"].startswith("+"):
        raise CallFileError(line, f"a number starts with a plus: +46730170101, not {cells['endpoint']!r}")
    if domain_word not in list(Domain):
        raise CallFileError(line, f"domain must be one of {', '.join(Domain)}, not {cells['domain']!r}")
    if result not in _RESULTS:
        raise CallFileError(line, f"result must be success or failed, not {cells['result']!r}")
    if not _WHOLE.fullmatch(cells["duration_s"]) or int(cells["duration_s"]) > _LONGEST_S:
        raise CallFileError(line, f"duration_s must be whole seconds, not {cells['duration_s']!r}")
    try:
        # Spreadsheets put a space where ISO 8601 has a T.
        started_at_ns = parse_instant_ns(cells["start"].replace(" ", "T", 1))
    except ValueError as error:
        raise CallFileError(line, f"start {cells['start']!r} is no time: {error}") from error
    return CallRecord(
        identity=Identity(IdentityType(type_word), cells["endpoint"]),
        domain=Domain(domain_word),
        started_at_ms=started_at_ns // NS_PER_MS,
        duration_s=int(cells["duration_s"]),
        is_success=_RESULTS[result],
    )
