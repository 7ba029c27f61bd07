"""Logs: structlog over the standard library's logging, one line format for our records and for those of libraries.

Every line ends in `Redactor`, tracebacks included, so no level and no library shows a secret. Logs go to stderr: stdout
is for data.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable
from typing import TextIO

import structlog

from bot.redaction import Redactor

#: Loggers that are told to be quieter, and why they are.
QUIETER = {
    "httpx": logging.WARNING,  # a line per request, with whose calls were asked for in its path
    "httpcore": logging.WARNING,
    "aiohttp.access": logging.WARNING,  # the same lines on the embedded API's side
    "apscheduler": logging.WARNING,  # two lines per job, each few seconds
}


def configure(level: str, log_format: str, secrets: Iterable[str], stream: TextIO) -> None:
    """Send all records of `level` and above to `stream`, as `console` or `json` lines, without any of `secrets`.

    May be called again; the last call holds. Changes the process: logging and structlog have one state each.
    """
    shared: list[structlog.typing.Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_logger_name,
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.StackInfoRenderer(),
        structlog.processors.format_exc_info,  # plain text: the other renderers show local variables
    ]
    renderer: structlog.typing.Processor = (
        structlog.processors.JSONRenderer(ensure_ascii=False)
        if log_format == "json"
        else structlog.dev.ConsoleRenderer(colors=stream.isatty())
    )
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=structlog.stdlib.LoggerFactory(),
    )
    formatter = structlog.stdlib.ProcessorFormatter(
        foreign_pre_chain=shared,
        processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, renderer],
    )
    logging.basicConfig(level=level, handlers=[_RedactingHandler(stream, formatter, Redactor(secrets))], force=True)
    for name, quietest in QUIETER.items():
        logging.getLogger(name).setLevel(quietest)


class _RedactingHandler(logging.StreamHandler[TextIO]):
    """Writes finished lines, redacted; a record that cannot be formatted becomes a line that says so."""

    def __init__(self, stream: TextIO, formatter: logging.Formatter, redact: Redactor) -> None:
        super().__init__(stream)
        self.setFormatter(formatter)
        self._redact = redact

    def format(self, record: logging.LogRecord) -> str:
        return self._redact(super().format(record))

    def handleError(self, record: logging.LogRecord) -> None:  # noqa: N802 - logging's name; its own prints the arguments
        """Say where a record was lost, instead of logging's way: a traceback with everything that was in it."""
        place = f"{record.pathname}:{record.lineno}"
        self.stream.write(f"{record.levelname.lower()}: a record of {record.name} could not be written ({place})\n")
