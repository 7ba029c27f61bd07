"""Settings: what is accepted, what is refused and how that is said, and that no secret is ever shown."""

from __future__ import annotations

import copy
import dataclasses
import traceback
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot import setting_table
from bot.setting_parsers import Secret
from bot.setting_table import SETTINGS
from bot.settings import (
    Need,
    Settings,
    SettingsError,
    parse_dotenv,
    read_environment,
    secret_values,
)

KEY = "0123456789abcdef0123456789ABCDEF"
SECRET = "Y2FsbHdhdGNoLWRlbW8="
SLACK = {"SLACK_BOT_TOKEN": "xoxb-callwatch-demo", "SLACK_APP_TOKEN": "xapp-callwatch-demo"}
REPORTING = {"SINCH_APPLICATION_KEY": KEY, "SINCH_APPLICATION_SECRET": SECRET}
EVERYTHING = {**SLACK, **REPORTING}


def mistakes_of(env: dict[str, str], *needs: Need) -> list[str]:
    with pytest.raises(SettingsError) as caught:
        Settings.from_env(env, needs)
    return [str(mistake) for mistake in caught.value.mistakes]


def test_nothing_set_gives_the_defaults() -> None:
    settings = Settings.from_env({})

    assert settings.database == Path("callwatch.db")
    assert settings.counters == ("currentcalls",)
    assert settings.timezone.key == "UTC"
    assert (settings.log_level, settings.log_format) == ("INFO", "console")
    assert settings.warnings == ()


def test_everything_set_is_read() -> None:
    settings = Settings.from_env(
        {
            **EVERYTHING,
            "SLACK_API_URL": "http://127.0.0.1:9001/api",
            "SINCH_REPORTING_URL": "http://127.0.0.1:9000/v1/",
            "CALLWATCH_DATABASE": "/data/calls.db",
            "CALLWATCH_COUNTERS": "currentcalls, other currentcalls",
            "CALLWATCH_TIMEZONE": "Europe/Stockholm",
            "CALLWATCH_LOG_LEVEL": "debug",
            "CALLWATCH_LOG_FORMAT": "JSON",
        },
        Need,
    )

    assert settings.require_slack().bot_token.reveal() == "xoxb-callwatch-demo"
    assert settings.require_slack().app_token.reveal() == "xapp-callwatch-demo"
    assert settings.require_slack().api_url == "http://127.0.0.1:9001/api/"
    assert settings.require_reporting().application_key == KEY
    assert settings.require_reporting().application_secret.reveal() == SECRET
    assert settings.require_reporting().url == "http://127.0.0.1:9000/v1"
    assert settings.database == Path("/data/calls.db")
    assert settings.counters == ("currentcalls", "other")
    assert settings.timezone.key == "Europe/Stockholm"
    assert (settings.log_level, settings.log_format) == ("DEBUG", "json")


@pytest.mark.parametrize("setting", [s for s in SETTINGS if s.default], ids=lambda setting: setting.name)
def test_every_default_is_accepted(setting: setting_table.Setting[object]) -> None:
    assert setting.parse(setting.default)


@pytest.mark.parametrize("setting", [s for s in SETTINGS if not s.is_secret], ids=lambda setting: setting.name)
def test_every_example_is_accepted(setting: setting_table.Setting[object]) -> None:
    assert setting.parse(setting.example)


def test_empty_is_unset() -> None:
    blank = {setting.name: " " for setting in SETTINGS}

    assert Settings.from_env(blank) == Settings.from_env({})
    assert len(mistakes_of(blank, *Need)) == len(EVERYTHING)


def test_a_command_asks_only_for_what_it_uses() -> None:
    settings = Settings.from_env({**REPORTING, "SLACK_BOT_TOKEN": "nonsense"}, {Need.REPORTING})

    assert settings.require_reporting().application_key == KEY
    with pytest.raises(LookupError):
        settings.require_slack()


def test_every_mistake_is_told_at_once_on_a_line_of_its_own() -> None:
    env = {"SLACK_BOT_TOKEN": "xapp-callwatch-demo", "SINCH_APPLICATION_KEY": "x", "CALLWATCH_LOG_LEVEL": "loud"}

    with pytest.raises(SettingsError) as caught:
        Settings.from_env(env, Need)

    assert [mistake.name for mistake in caught.value.mistakes] == [
        "SLACK_BOT_TOKEN",
        "SLACK_APP_TOKEN",
        "SINCH_APPLICATION_KEY",
        "SINCH_APPLICATION_SECRET",
        "CALLWATCH_LOG_LEVEL",
    ]
    assert str(caught.value).splitlines() == [str(mistake) for mistake in caught.value.mistakes]


@pytest.mark.parametrize(
    ("name", "text", "said"),
    [
        ("SLACK_BOT_TOKEN", "xapp-callwatch-demo", "belongs in SLACK_APP_TOKEN"),
        ("SLACK_BOT_TOKEN", "xoxp-callwatch-demo", "is a user token"),
        ("SLACK_BOT_TOKEN", "xoxe.xoxb-callwatch-demo", "is a rotating token"),
        ("SLACK_BOT_TOKEN", "callwatch-demo", "must start with xoxb-"),
        ("SLACK_BOT_TOKEN", "xoxb-", "is cut short"),
        ("SLACK_BOT_TOKEN", "xoxb-call watch", "a character that no token has"),
        ("SLACK_APP_TOKEN", "xoxb-callwatch-demo", "belongs in SLACK_BOT_TOKEN"),
        ("SLACK_API_URL", "slack.com/api", "is not an address"),
        ("SLACK_API_URL", "http://127.0.0.1:99999/api", "is not an address"),
        ("SLACK_API_URL", "ftp://slack.com", "is not an address"),
        ("SINCH_APPLICATION_KEY", "12345", "is not an application key"),
        ("SINCH_APPLICATION_SECRET", KEY, "swapped with SINCH_APPLICATION_KEY"),
        ("SINCH_APPLICATION_SECRET", "not base64!", "is not base64"),
        ("SINCH_APPLICATION_SECRET", "Y2Fsb", "is not base64"),
        ("SINCH_REPORTING_URL", "http://127.0.0.1:9000", "write http://127.0.0.1:9000/v1"),
        ("SINCH_REPORTING_URL", "http://127.0.0.1:9000/api/", "write http://127.0.0.1:9000/api/v1"),
        ("SINCH_REPORTING_URL", "https://calling-euc1.api.sinch.com/v1", "has no reports; they are at"),
        ("SINCH_REPORTING_URL", "http://reportingapi.sinch.com/v1", "would send in clear"),
        ("SINCH_REPORTING_URL", "https://me:pass@example.com/v1", "has a user name or password"),
        ("SINCH_REPORTING_URL", "https://example.com/v1?a=b", "has a ? or #"),
        ("SINCH_REPORTING_URL", "https:///v1", "is not an address"),
        ("CALLWATCH_TIMEZONE", "Europe/Stokholm", "did you mean Europe/Stockholm?"),
        ("CALLWATCH_TIMEZONE", "Europe", "has no time zone called 'Europe'"),
        ("CALLWATCH_TIMEZONE", "/0123456789", "write an IANA name"),
        ("CALLWATCH_TIMEZONE", "../UTC", "has no time zone called"),
        ("CALLWATCH_COUNTERS", "..", "has a counter called '..'"),
        ("CALLWATCH_COUNTERS", ",", "names no counter"),
        ("CALLWATCH_DATABASE", "~nobody-of-that-name/x.db", "write the whole path"),
        ("CALLWATCH_LOG_LEVEL", "loud", "write one of DEBUG, INFO, WARNING, ERROR"),
        ("CALLWATCH_LOG_FORMAT", "xml", "write one of console, json"),
        ("CALLWATCH_NO_BOOTSTRAP", "maybe", "write 1 for yes"),
    ],
)
def test_a_mistake_says_what_is_wrong_and_how_to_put_it_right(name: str, text: str, said: str) -> None:
    (mistake,) = mistakes_of({**EVERYTHING, name: text}, *Need)

    assert mistake.startswith(f"{name} ")
    assert said in mistake


@pytest.mark.parametrize("name", sorted(EVERYTHING))
def test_what_is_missing_is_named_with_what_it_is(name: str) -> None:
    (mistake,) = mistakes_of({**EVERYTHING, name: ""}, *Need)

    assert mistake.startswith(f"{name} is not set; it is the ")


def test_a_secret_pasted_with_blanks_is_the_same_secret() -> None:
    pasted = f" {SECRET[:6]} \n{SECRET[6:]} "

    settings = Settings.from_env({**REPORTING, "SINCH_APPLICATION_SECRET": pasted}, {Need.REPORTING})

    assert settings.require_reporting().application_secret.reveal() == SECRET


@pytest.mark.parametrize(
    ("name", "hint"),
    [("CALLWATCH_DATABSE", " Did you mean CALLWATCH_DATABASE?"), ("CALLWATCH_XYZZY", "")],
)
def test_an_unknown_name_is_a_warning_with_the_nearest_one(name: str, hint: str) -> None:
    settings = Settings.from_env({name: "1", "OTHER_XYZZY": "1"})

    assert settings.warnings == (f"{name} is no setting of Callwatch and does nothing.{hint}",)


class TestSecrets:
    def test_show_in_no_form_but_reveal(self) -> None:
        settings = Settings.from_env(EVERYTHING, Need)
        shown = f"{settings!r} {settings} {dataclasses.asdict(settings)} {copy.deepcopy(settings)} {Secret('hidden')}"

        for secret in secret_values(EVERYTHING):
            assert secret not in shown
        assert "hidden" not in shown

    def test_are_equal_by_value(self) -> None:
        assert Secret("a") == Secret("a") != Secret("b")
        assert hash(Secret("a")) == hash(Secret("a"))
        assert Secret("a") != "a"

    @given(text=st.text(alphabet=st.characters(min_codepoint=33, max_codepoint=126), min_size=8))
    def test_are_quoted_by_no_mistake_whatever_they_are(self, text: str) -> None:
        env = dict.fromkeys(EVERYTHING, "\N{SNOWMAN}" + text)

        with pytest.raises(SettingsError) as caught:
            Settings.from_env(env, Need)

        assert len(caught.value.mistakes) == len(EVERYTHING)
        assert "\N{SNOWMAN}" not in "".join(traceback.format_exception(caught.value))

    def test_are_told_to_the_log_even_when_they_are_wrong_or_not_needed(self) -> None:
        assert secret_values({"SLACK_BOT_TOKEN": " wrong ", "SINCH_APPLICATION_KEY": KEY}) == ("wrong",)


class TestDotenv:
    def test_is_read_from_the_folder_and_the_environment_wins(self, tmp_path: Path) -> None:
        (tmp_path / ".env").write_text("A=file\nB=file\nC=file\n")

        env = read_environment({"A": "environment", "B": ""}, tmp_path)

        assert (env["A"], env["B"], env["C"]) == ("environment", "file", "file")

    def test_is_not_looked_for_in_the_folders_above(self, tmp_path: Path) -> None:
        (tmp_path / ".env").write_text("A=above\n")
        (tmp_path / "inner").mkdir()

        assert read_environment({}, tmp_path / "inner") == {}

    def test_may_be_missing_or_a_folder(self, tmp_path: Path) -> None:
        assert read_environment({"A": "1"}, tmp_path) == {"A": "1"}
        (tmp_path / ".env").mkdir()
        assert read_environment({"A": "1"}, tmp_path) == {"A": "1"}

    @pytest.mark.parametrize(
        ("text", "variables"),
        [
            pytest.param("A=b # why\n\n# c\nexport D='e f'\n", {"A": "b", "D": "e f"}, id="as shells write it"),
            pytest.param("A=$HOME${HOME}", {"A": "$HOME${HOME}"}, id="a dollar is a dollar"),
            pytest.param("A=\nB", {}, id="empty is unset"),
            pytest.param("A=1\r\nA=2\r\n", {"A": "2"}, id="Windows' line ends, the last one counts"),
        ],
    )
    def test_is_understood(self, text: str, variables: dict[str, str]) -> None:
        assert parse_dotenv(text) == variables

    def test_says_which_lines_it_cannot_understand_without_quoting_them(self) -> None:
        with pytest.raises(SettingsError) as caught:
            parse_dotenv("A=b\n\n\nSLACK_BOT_TOKEN xoxb-callwatch-demo\nB=c\n'\n")

        assert [str(mistake).partition(" that")[0] for mistake in caught.value.mistakes] == [
            ".env has something in line 4",
            ".env has something in line 6",
        ]
        assert "xoxb" not in str(caught.value)

    def test_with_the_mark_of_windows_editors_is_read(self, tmp_path: Path) -> None:
        (tmp_path / ".env").write_bytes("A=ö".encode("utf-8-sig"))

        assert read_environment({}, tmp_path) == {"A": "ö"}

    def test_in_another_encoding_is_a_mistake(self, tmp_path: Path) -> None:
        (tmp_path / ".env").write_bytes(b"A=\xff")

        with pytest.raises(SettingsError, match=r"\.env is not UTF-8 text"):
            read_environment({}, tmp_path)

    def test_that_cannot_be_read_is_a_mistake(self, tmp_path: Path) -> None:
        (tmp_path / ".env").symlink_to(".env")  # a loop: unreadable for the superuser too

        with pytest.raises(SettingsError, match=r"\.env cannot be read"):
            read_environment({}, tmp_path)
