"""Settings: the environment and .env, read into one frozen value.

All mistakes are told at once, a line each, and none quotes a secret. The names are in `bot.setting_table`.
Source: design.md section 4.
"""

from __future__ import annotations

import difflib
import io
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import TypeVar
from zoneinfo import ZoneInfo

from dotenv.parser import Binding, parse_stream

from bot import setting_table as table
from bot.errors import CallwatchError
from bot.setting_parsers import Secret
from bot.setting_table import SETTINGS, Setting

T = TypeVar("T")

_PREFIX = "CALLWATCH_"


class Need(StrEnum):
    """What a command talks to. The settings of what it does not talk to are not looked at."""

    SLACK = "slack"
    REPORTING = "reporting"


@dataclass(frozen=True, slots=True)
class Mistake:
    """One setting that cannot be used as it is."""

    name: str  # the variable, or .env
    sentence: str  # what is wrong; how to put it right. Goes on after the name, never quotes a secret

    def __str__(self) -> str:
        return f"{self.name} {self.sentence}"


class SettingsError(CallwatchError):
    """The settings cannot be used; `mistakes` has all of them, and its text a line for each."""

    def __init__(self, mistakes: Iterable[Mistake]) -> None:
        self.mistakes = tuple(mistakes)
        super().__init__("\n".join(map(str, self.mistakes)))


@dataclass(frozen=True, slots=True)
class SlackSettings:
    """How to reach Slack."""

    bot_token: Secret
    app_token: Secret
    api_url: str  # ends with one slash


@dataclass(frozen=True, slots=True)
class ReportingSettings:
    """How to reach the Reporting API and sign for it."""

    application_key: str
    application_secret: Secret  # base64 without blanks, known to decode
    url: str  # base with version, no last slash


@dataclass(frozen=True, slots=True)
class Settings:
    """All that can be set, parsed. `slack` and `reporting` are None when the command did not ask for them."""

    slack: SlackSettings | None
    reporting: ReportingSettings | None
    database: Path
    poll_s: float  # between two polls of one service
    confirm_down: int  # answers in a row before a flip counts
    confirm_up: int
    counters: tuple[str, ...]
    timezone: ZoneInfo
    log_level: str  # DEBUG, INFO, WARNING or ERROR
    log_format: str  # console or json
    warnings: tuple[str, ...] = ()  # sentences for the log: variables that look like ours and are not

    @classmethod
    def from_env(cls, env: Mapping[str, str], needs: Collection[Need] = ()) -> Settings:
        """Return the settings that `env` has, with defaults for the rest; empty is unset.

        Raises SettingsError with every mistake among the general settings and those of `needs`, missing ones included.
        """
        reader = _Reader(env)
        slack = reporting = None
        if Need.SLACK in needs:
            bot_token, app_token = reader.required(table.SLACK_BOT_TOKEN), reader.required(table.SLACK_APP_TOKEN)
            api_url = reader.defaulted(table.SLACK_API_URL)
            if bot_token is not None and app_token is not None:
                slack = SlackSettings(bot_token, app_token, api_url)
        if Need.REPORTING in needs:
            key, secret = reader.required(table.SINCH_APPLICATION_KEY), reader.required(table.SINCH_APPLICATION_SECRET)
            url = reader.defaulted(table.SINCH_REPORTING_URL)
            if key is not None and secret is not None:
                reporting = ReportingSettings(key, secret, url)
        settings = cls(
            slack=slack,
            reporting=reporting,
            database=reader.defaulted(table.CALLWATCH_DATABASE),
            poll_s=reader.defaulted(table.CALLWATCH_POLL_SECONDS),
            confirm_down=reader.defaulted(table.CALLWATCH_CONFIRM_DOWN),
            confirm_up=reader.defaulted(table.CALLWATCH_CONFIRM_UP),
            counters=reader.defaulted(table.CALLWATCH_COUNTERS),
            timezone=reader.defaulted(table.CALLWATCH_TIMEZONE),
            log_level=reader.defaulted(table.CALLWATCH_LOG_LEVEL),
            log_format=reader.defaulted(table.CALLWATCH_LOG_FORMAT),
            warnings=tuple(unknown_settings(env)),
        )
        reader.optional(table.CALLWATCH_NO_BOOTSTRAP)  # used before settings are read; looked at here for a typo
        if reader.mistakes:
            raise SettingsError(reader.mistakes)
        return settings

    def require_slack(self) -> SlackSettings:
        """Return how to reach Slack. Raises LookupError when `from_env` was not asked for it, a fault of ours."""
        if self.slack is None:
            raise LookupError("these settings were read without Need.SLACK")
        return self.slack

    def require_reporting(self) -> ReportingSettings:
        """Return how to reach the Reporting API. Raises LookupError when `from_env` was not asked for it."""
        if self.reporting is None:
            raise LookupError("these settings were read without Need.REPORTING")
        return self.reporting


class _Reader:
    """Parses settings one by one and keeps what is wrong, so that it can be told at once."""

    def __init__(self, env: Mapping[str, str]) -> None:
        self._env = env
        self.mistakes: list[Mistake] = []

    def optional(self, setting: Setting[T]) -> T | None:
        """Return the value, or None when it is unset or wrong; the latter is kept as a mistake."""
        text = self._env.get(setting.name, "").strip()
        if not text:
            return None
        try:
            return setting.parse(text)
        except ValueError as error:
            self.mistakes.append(Mistake(setting.name, str(error)))
            return None

    def required(self, setting: Setting[T]) -> T | None:
        """Return the value; None with a mistake when it is unset or wrong."""
        if not self._env.get(setting.name, "").strip():
            meaning = setting.meaning[0].lower() + setting.meaning[1:]
            self.mistakes.append(
                Mistake(setting.name, f"is not set; it is the {meaning}, for example {setting.example}")
            )
        return self.optional(setting)

    def defaulted(self, setting: Setting[T]) -> T:
        """Return the value, or the default's when it is unset or wrong; the latter is kept as a mistake."""
        value = self.optional(setting)
        return setting.parse(setting.default) if value is None else value


def unknown_settings(env: Mapping[str, str]) -> Iterable[str]:
    """Yield a sentence for each CALLWATCH_ variable that is not in the table, with the nearest name there is."""
    ours = {setting.name.removeprefix(_PREFIX) for setting in SETTINGS if setting.name.startswith(_PREFIX)}
    for name in sorted(env):
        word = name.removeprefix(_PREFIX)
        if word != name and word not in ours:
            near = difflib.get_close_matches(word, ours, n=1)
            hint = f" Did you mean {_PREFIX}{near[0]}?" if near else ""
            yield f"{name} is no setting of Callwatch and does nothing.{hint}"


def secret_values(env: Mapping[str, str]) -> tuple[str, ...]:
    """Return the text of every secret in `env`, right or wrong, for `bot.logs.configure` to keep out of logs."""
    texts = (env.get(setting.name, "").strip() for setting in SETTINGS if setting.is_secret)
    return tuple(text for text in texts if text)


def read_environment(environ: Mapping[str, str], directory: Path) -> dict[str, str]:
    """Return `environ` with what the .env file of `directory` adds; a variable that `environ` sets, not empty, wins.

    Raises SettingsError when the file is there and cannot be read. No other folder is searched.
    """
    try:
        text = (directory / ".env").read_text(encoding="utf-8-sig")  # Windows' editors put a mark before the first name
    except (FileNotFoundError, IsADirectoryError):  # some keep a virtual environment in a folder of that name
        return dict(environ)
    except OSError as error:
        raise SettingsError([Mistake(".env", f"cannot be read ({error.strerror}); mend its permissions")]) from error
    except UnicodeDecodeError as error:
        raise SettingsError([Mistake(".env", "is not UTF-8 text; save it as UTF-8")]) from error
    return parse_dotenv(text) | {name: value for name, value in environ.items() if value.strip()}


def parse_dotenv(text: str) -> dict[str, str]:
    """Return the variables of a .env file, values verbatim: `$` in a secret is a `$`.

    Raises SettingsError with the number of each line that cannot be understood, and not with the line.
    """
    bindings = list(parse_stream(io.StringIO(text)))
    mistakes = [
        Mistake(".env", f"has something in line {_line(binding)} that is not NAME=value; mend or delete it")
        for binding in bindings
        if binding.error
    ]
    if mistakes:
        raise SettingsError(mistakes)
    return {binding.key: binding.value for binding in bindings if binding.key and binding.value}


def _line(binding: Binding) -> int:
    """Return the number of the line on which `binding` stands; its text begins with the empty lines before it."""
    text = binding.original.string
    return binding.original.line + text[: len(text) - len(text.lstrip())].count("\n")
