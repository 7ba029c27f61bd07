"""The table of settings, and the documents made from it.

Names, defaults and meanings are written here and nowhere else: README's table, .env.example and `--help` come from this
one, and tests/test_documents.py compares them. An issue that builds something to set adds its row.
Source: design.md section 4.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Generic, TypeVar

from bot import setting_parsers as parsers

T_co = TypeVar("T_co", covariant=True)


@dataclass(frozen=True, slots=True)
class Setting(Generic[T_co]):
    """One row of the table: a variable, what it means, and how its text becomes a value."""

    name: str
    meaning: str  # one line for README, .env.example and --help
    example: str  # a text that works; for a secret one that is none
    parse: Callable[[str], T_co]  # raises ValueError with a sentence that goes on after the name
    default: str = ""  # text used when unset; empty when there is none
    is_secret: bool = False


SLACK_BOT_TOKEN = Setting(
    name="SLACK_BOT_TOKEN",
    meaning="Bot token, from OAuth & Permissions of the Slack app",
    example="xoxb-…",
    parse=parsers.parse_bot_token,
    is_secret=True,
)
SLACK_APP_TOKEN = Setting(
    name="SLACK_APP_TOKEN",
    meaning="App token with `connections:write`, from Basic Information of the Slack app, for Socket Mode",
    example="xapp-…",
    parse=parsers.parse_app_token,
    is_secret=True,
)
SLACK_API_URL = Setting(
    name="SLACK_API_URL",
    meaning="Where Slack's Web API is; change it for a local workspace",
    example="http://127.0.0.1:9001/api/",
    parse=parsers.parse_slack_url,
    default="https://slack.com/api/",
)
SINCH_APPLICATION_KEY = Setting(
    name="SINCH_APPLICATION_KEY",
    meaning="Application key of the voice app",
    example="00000000-0000-0000-0000-000000000000",
    parse=parsers.parse_application_key,
)
SINCH_APPLICATION_SECRET = Setting(
    name="SINCH_APPLICATION_SECRET",
    meaning="Application secret of the voice app, which signs the requests",
    example="base64 text, as the dashboard shows it",
    parse=parsers.parse_application_secret,
    is_secret=True,
)
SINCH_REPORTING_URL = Setting(
    name="SINCH_REPORTING_URL",
    meaning="Where the Reporting API is, with its version",
    example="http://127.0.0.1:9000/v1",
    parse=parsers.parse_reporting_url,
    default="https://reportingapi.sinch.com/v1",
)
CALLWATCH_DATABASE = Setting(
    name="CALLWATCH_DATABASE",
    meaning="SQLite file; made when it is missing",
    example="/data/callwatch.db",
    parse=parsers.parse_path,
    default="callwatch.db",
)
CALLWATCH_POLL_SECONDS = Setting(
    name="CALLWATCH_POLL_SECONDS",
    meaning="How often watched services are asked, seconds; 0.25 is allowed",
    example="5",
    parse=parsers.parse_seconds,
    default="10",
)
CALLWATCH_CONFIRM_DOWN = Setting(
    name="CALLWATCH_CONFIRM_DOWN",
    meaning="How often in a row a service has to be seen down before that is told",
    example="2",
    parse=parsers.parse_times,
    default="1",
)
CALLWATCH_CONFIRM_UP = Setting(
    name="CALLWATCH_CONFIRM_UP",
    meaning="How often in a row a service has to be seen up before its recovery is told",
    example="2",
    parse=parsers.parse_times,
    default="1",
)
CALLWATCH_COUNTERS = Setting(
    name="CALLWATCH_COUNTERS",
    meaning="Counters to sample every 120 s and that `/counters` names, with commas between them",
    example="currentcalls,registeredusers",
    parse=parsers.parse_counters,
    default="currentcalls",
)
CALLWATCH_TIMEZONE = Setting(
    name="CALLWATCH_TIMEZONE",
    meaning="Time zone where Slack gives none, and in the terminal",
    example="Europe/Stockholm",
    parse=parsers.parse_timezone,
    default="UTC",
)
CALLWATCH_LOG_LEVEL = Setting(
    name="CALLWATCH_LOG_LEVEL",
    meaning="`DEBUG`, `INFO`, `WARNING` or `ERROR`",
    example="DEBUG",
    parse=parsers.parse_log_level,
    default="INFO",
)
CALLWATCH_LOG_FORMAT = Setting(
    name="CALLWATCH_LOG_FORMAT",
    meaning="`console` or `json`; logs go to stderr",
    example="json",
    parse=parsers.parse_log_format,
    default="console",
)
CALLWATCH_NO_BOOTSTRAP = Setting(
    name="CALLWATCH_NO_BOOTSTRAP",
    meaning="`1`: never make .venv (read from the environment only, not from .env)",
    example="1",
    parse=parsers.parse_flag,
)

#: Every setting, in the order in which documents list them.
SETTINGS: tuple[Setting[object], ...] = (
    SLACK_BOT_TOKEN,
    SLACK_APP_TOKEN,
    SLACK_API_URL,
    SINCH_APPLICATION_KEY,
    SINCH_APPLICATION_SECRET,
    SINCH_REPORTING_URL,
    CALLWATCH_DATABASE,
    CALLWATCH_POLL_SECONDS,
    CALLWATCH_CONFIRM_DOWN,
    CALLWATCH_CONFIRM_UP,
    CALLWATCH_COUNTERS,
    CALLWATCH_TIMEZONE,
    CALLWATCH_LOG_LEVEL,
    CALLWATCH_LOG_FORMAT,
    CALLWATCH_NO_BOOTSTRAP,
)


def markdown_table() -> str:
    """Return README's table: a row per setting, name, default and meaning."""
    head = "| name | default | meaning |\n|---|---|---|\n"
    return head + "".join(
        f"| `{setting.name}` | {f'`{setting.default}`' if setting.default else '–'} | {setting.meaning} |\n"
        for setting in SETTINGS
    )


def example_file() -> str:
    """Return .env.example: copied to .env it changes nothing until a value is written."""
    head = "# Settings of Callwatch. Copy to .env and fill in; a variable of the environment wins over this file.\n"
    return head + "".join(
        f"\n# {setting.meaning}\n"
        + (f"# {setting.name}={setting.default}\n" if setting.default else f"{setting.name}=\n")
        for setting in SETTINGS
        if setting is not CALLWATCH_NO_BOOTSTRAP  # read before any .env is
    )


def help_text() -> str:
    """Return the settings as lines for `--help`: name, default in brackets, meaning."""
    return "".join(
        f"{setting.name}{f' [{setting.default}]' if setting.default else ''}\n    {setting.meaning}\n"
        for setting in SETTINGS
    )
