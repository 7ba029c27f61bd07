"""The text of one setting becomes its value: pure functions for the table in `bot.settings`.

Each gets text that is not blank and has no blanks around it. What cannot be used raises ValueError with a sentence that
goes on after the setting's name: what is wrong; how to put it right. A sentence on a token, key or secret never quotes
what was given, because people paste one into the place of another.
"""

from __future__ import annotations

import difflib
import re
from pathlib import Path
from urllib.parse import SplitResult, urlsplit
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError, available_timezones

from bot.reporting import signing

_GUID = re.compile(r"[0-9a-f]{8}-?(?:[0-9a-f]{4}-?){3}[0-9a-f]{12}", re.IGNORECASE)
_VERSION_PATH = re.compile(r"/v\d+")
_REPORTING_HOST = "reportingapi.sinch.com"
_YES = frozenset({"1", "true", "yes", "on"})
_NO = frozenset({"0", "false", "no", "off"})

#: What people paste into the place of a token, by prefix, and where it belongs.
_OTHER_TOKENS = {
    "xoxb-": "is a bot token (xoxb-), which belongs in SLACK_BOT_TOKEN",
    "xapp-": "is an app token (xapp-), which belongs in SLACK_APP_TOKEN",
    "xoxp-": "is a user token (xoxp-)",
    "xoxe": "is a rotating token (xoxe), which Callwatch does not renew",
}


class Secret:
    """A value that shows itself only to `reveal()`: not in repr, str, logs, errors or tracebacks.

    Not a dataclass on purpose: `dataclasses.asdict` of what holds it would take it apart.
    """

    __slots__ = ("_value",)

    def __init__(self, value: str) -> None:
        self._value = value

    def reveal(self) -> str:
        """Return the secret itself, for the one place that sends it or signs with it."""
        return self._value

    def __repr__(self) -> str:
        return "Secret(…)"

    def __str__(self) -> str:
        return "…"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Secret) and other._value == self._value

    def __hash__(self) -> int:
        return hash(self._value)


def parse_bot_token(text: str) -> Secret:
    """Return the token that calls the Web API; the prefix is all that is checked."""
    return _parse_token(text, "xoxb-", "copy the Bot User OAuth Token from OAuth & Permissions")


def parse_app_token(text: str) -> Secret:
    """Return the token that opens Socket Mode; the prefix is all that is checked."""
    return _parse_token(text, "xapp-", "make one with connections:write under Basic Information, App-Level Tokens")


def _parse_token(text: str, prefix: str, remedy: str) -> Secret:
    if not text.startswith(prefix):
        wrong = next((said for other, said in _OTHER_TOKENS.items() if text.startswith(other)), "has another form")
        raise ValueError(f"{wrong}; it must start with {prefix}: {remedy}")
    if not text.isascii() or not text.isprintable() or " " in text or text == prefix:
        raise ValueError(f"is cut short or has a character that no token has; {remedy}")
    return Secret(text)


def parse_application_key(text: str) -> str:
    """Return the application key as given: a GUID, its hyphens optional, its case kept because it is sent verbatim."""
    if not _GUID.fullmatch(text):
        raise ValueError(
            "is not an application key (32 hexadecimal digits, hyphens optional); copy the key of the voice app from "
            "the dashboard, not the project's access key and not the secret"
        )
    return text


def parse_application_secret(text: str) -> Secret:
    """Return the application secret as displayed: base64, blanks in it ignored."""
    if _GUID.fullmatch(text):  # without hyphens it would even be base64
        raise ValueError("looks like an application key; is it swapped with SINCH_APPLICATION_KEY?")
    signing.parse_secret(text)
    return Secret("".join(text.split()))


def parse_reporting_url(text: str) -> str:
    """Return the base address of the Reporting API with its version and without a last slash."""
    url = _parse_url(text)
    path = url.path.rstrip("/")
    host = url.hostname or ""
    if (host == "sinch.com" or host.endswith(".sinch.com")) and host != _REPORTING_HOST:
        raise ValueError(
            f"names {host}, which has no reports; they are at https://{_REPORTING_HOST}/v1 for every region"
        )
    if host == _REPORTING_HOST and url.scheme != "https":
        raise ValueError(f"would send in clear; write https://{_REPORTING_HOST}/v1")
    if not _VERSION_PATH.fullmatch("/" + path.rpartition("/")[2]):
        raise ValueError(f"has no version at its end; write {url.scheme}://{url.netloc}{path}/v1")
    return f"{url.scheme}://{url.netloc}{path}"


def parse_slack_url(text: str) -> str:
    """Return the base address of the Web API with exactly one last slash, as the SDK wants it."""
    url = _parse_url(text)
    return f"{url.scheme}://{url.netloc}{url.path.rstrip('/')}/"


def _parse_url(text: str) -> SplitResult:
    """Return the parts of an http(s) address that has a host and nothing after its path."""
    try:
        url = urlsplit(text)
        is_usable = url.scheme in {"http", "https"} and bool(url.hostname) and url.port != 0
    except ValueError:  # a port or an IPv6 address that is none
        is_usable = False
    if not is_usable or not text.isprintable() or " " in text:
        raise ValueError("is not an address; write one that starts with http:// or https:// and names a host")
    if url.username is not None or url.password is not None:
        raise ValueError("has a user name or password in it; leave them out")
    if url.query or url.fragment:
        raise ValueError("has a ? or # in it; end the address with its path")
    return url


def parse_timezone(text: str) -> ZoneInfo:
    """Return the time zone with that IANA name."""
    try:
        return ZoneInfo(text)
    except (ZoneInfoNotFoundError, ValueError, OSError):  # OSError: a folder of the database, such as "Europe"
        near = difflib.get_close_matches(text, available_timezones(), n=1)
        hint = f"did you mean {near[0]}?" if near else "write an IANA name such as Europe/Stockholm or UTC"
        raise ValueError(f"has no time zone called {text!r}; {hint}") from None


def parse_counters(text: str) -> tuple[str, ...]:
    """Return the counter ids, separated by commas or blanks, each once and in order."""
    ids = tuple(dict.fromkeys(text.replace(",", " ").split()))
    for counter_id in ids:
        if counter_id in {".", ".."} or not counter_id.isprintable():
            raise ValueError(f"has a counter called {counter_id!r}; name counters such as currentcalls")
    if not ids:
        raise ValueError("names no counter; name counters such as currentcalls, with commas between them")
    return ids


def parse_path(text: str) -> Path:
    """Return the path, with a leading `~` replaced because .env files have no shell to do it."""
    try:
        return Path(text).expanduser()
    except RuntimeError:
        raise ValueError("has a ~ that stands for no known home folder; write the whole path") from None


def parse_log_level(text: str) -> str:
    """Return the lowest level that is written, in capitals."""
    return _parse_choice(text.upper(), ("DEBUG", "INFO", "WARNING", "ERROR"))


def parse_log_format(text: str) -> str:
    """Return how log lines look."""
    return _parse_choice(text.lower(), ("console", "json"))


def parse_seconds(text: str) -> float:
    """Return an interval in seconds, from a quarter of a second to an hour."""
    try:
        seconds = float(text)
    except ValueError:
        seconds = 0.0
    if not 0.25 <= seconds <= 3600:
        raise ValueError(f"is {text!r}; write seconds from 0.25 to 3600, such as 10")
    return seconds


def parse_times(text: str) -> int:
    """Return a small whole number of times."""
    if not (text.isascii() and text.isdigit() and 1 <= int(text[:4]) <= 100):
        raise ValueError(f"is {text!r}; write a whole number from 1 to 100")
    return int(text)


def parse_flag(text: str) -> bool:
    """Return whether it says yes."""
    word = text.lower()
    if word not in _YES | _NO:
        raise ValueError(f"is {text!r}; write 1 for yes or leave it empty for no")
    return word in _YES


def _parse_choice(text: str, choices: tuple[str, ...]) -> str:
    if text not in choices:
        raise ValueError(f"is {text!r}; write one of {', '.join(choices)}")
    return text
