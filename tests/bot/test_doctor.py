"""The doctor: each thing that can be wrong is found, with its remedy, and nothing is touched."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import sqlite3
import tempfile
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from bot.app import running_bot, utc_now
from bot.demo import DEMO_KEY, DEMO_SECRET
from bot.doctor import Finding, Verdict, check_signing, examine, judge_day
from bot.manifest import load_manifest
from bot.playground.manifest import parse_manifest
from bot.playground.server import PlaygroundServer
from bot.reporting.models import CallReport, Domain, Identity, IdentityType
from bot.reporting.server import faults
from bot.reporting.server.calls import CallRecord
from bot.reporting.server.faults import WholeDays
from bot.reporting.server.times import to_ms
from bot.settings import Need, Settings
from storage.opening import open_connection

ALL = [
    "signing",
    "settings",
    "database",
    "reporting-api",
    "clock",
    "slack-bot-token",
    "slack-scopes",
    "slack-app-token",
]
ABC = Identity(IdentityType.USERNAME, "abc123")


def one(findings: list[Finding], check_id: str) -> Finding:
    """Return the finding of one check; a check that found two things is not asked for here."""
    (found,) = [finding for finding in findings if finding.id == check_id]
    return found


def failed(findings: list[Finding]) -> list[str]:
    return [finding.id for finding in findings if finding.verdict is Verdict.FAIL]


async def test_all_is_well_where_all_is_well(for_bot):
    findings = await examine(for_bot)

    assert [finding.id for finding in findings] == ALL
    assert {finding.verdict for finding in findings} == {Verdict.OK}
    assert {finding.remedy for finding in findings} == {""}


def test_the_signing_check_is_the_published_example():
    assert check_signing().verdict is Verdict.OK


class TestSettings:
    async def test_swapped_tokens_are_told_with_the_place_where_each_belongs(self, for_bot):
        for_bot["SLACK_BOT_TOKEN"], for_bot["SLACK_APP_TOKEN"] = for_bot["SLACK_APP_TOKEN"], for_bot["SLACK_BOT_TOKEN"]
        findings = await examine(for_bot)

        told = "\n".join(finding.detail for finding in findings if finding.id == "settings")
        assert failed(findings) == ["settings", "settings"]
        assert "belongs in SLACK_APP_TOKEN" in told
        assert "belongs in SLACK_BOT_TOKEN" in told
        assert one(findings, "slack").verdict is Verdict.SKIP
        assert one(findings, "reporting-api").verdict is Verdict.OK

    async def test_a_missing_secret_is_told_and_the_rest_is_looked_at_all_the_same(self, for_bot):
        del for_bot["SINCH_APPLICATION_SECRET"]
        findings = await examine(for_bot)

        assert failed(findings) == ["settings"]
        assert "SINCH_APPLICATION_SECRET is not set" in one(findings, "settings").detail
        assert one(findings, "reporting-api").verdict is Verdict.SKIP
        assert one(findings, "slack-app-token").verdict is Verdict.OK

    async def test_a_general_mistake_is_told_once(self, for_bot):
        findings = await examine(for_bot | {"CALLWATCH_TIMEZONE": "Mars"})

        assert failed(findings) == ["settings"]
        assert one(findings, "database").verdict is Verdict.SKIP

    async def test_nothing_set_at_all_is_a_line_for_each_setting_that_is_needed(self):
        findings = await examine({"CALLWATCH_DATABASE": "/dev/shm/callwatch-doctor.db"})

        told = [finding.detail.partition(" ")[0] for finding in findings if finding.id == "settings"]
        assert told == [
            "SLACK_BOT_TOKEN",
            "SLACK_APP_TOKEN",
            "SINCH_APPLICATION_KEY",
            "SINCH_APPLICATION_SECRET",
        ]

    async def test_a_variable_that_does_nothing_is_a_warning(self, for_bot):
        findings = await examine(for_bot | {"CALLWATCH_TIMEZON": "UTC"})

        assert failed(findings) == []
        assert one(findings, "settings").verdict is Verdict.WARN


class TestReportingApi:
    @pytest.mark.parametrize(
        ("name", "value", "detail"),
        [
            ("SINCH_APPLICATION_SECRET", "b3RoZXItc2VjcmV0", "key and secret do not match"),
            ("SINCH_APPLICATION_KEY", "00000000-0000-4000-8000-000000000000", "does not know our application key"),
        ],
        ids=["secret", "key"],
    )
    async def test_a_wrong_key_or_secret_is_told_and_not_shown(self, for_bot, name, value, detail):
        findings = await examine(for_bot | {name: value})
        found = one(findings, "reporting-api")

        assert failed(findings) == ["reporting-api"]
        assert detail in found.detail
        assert "SINCH_APPLICATION_SECRET" in found.remedy
        assert value not in repr(findings)

    @pytest.mark.parametrize(
        ("offset_s", "detail"),
        [
            (1200, "1,200 s behind"),
            (-1200, "1,200 s ahead of"),
            (120, "120 s behind"),  # the API still takes it
        ],
    )
    async def test_a_clock_that_is_off_is_told_with_how_far(self, for_bot, api, offset_s, detail):
        api.quirks.clock_offset_s = offset_s
        findings = await examine(for_bot)

        assert failed(findings) == ["clock"]
        told = one(findings, "clock").detail.replace("1,199", "1,200").replace("1,201", "1,200")
        assert detail in told.replace("119", "120")
        assert "NTP" in one(findings, "clock").remedy

    async def test_a_platform_that_cannot_be_reached_is_told_and_the_clock_not_guessed(self, for_bot, api):
        await api.stop()
        findings = await examine(for_bot)

        assert failed(findings) == ["reporting-api"]
        assert "cannot be reached" in one(findings, "reporting-api").detail
        assert one(findings, "clock").verdict is Verdict.SKIP

    @pytest.mark.parametrize("status", [200, 403, 404])
    async def test_a_page_in_place_of_an_answer_is_told(self, for_bot, api, status):
        api.faults.add(faults.html(status, times=None))
        findings = await examine(for_bot)

        assert failed(findings) == ["reporting-api"]
        assert "<" not in one(findings, "reporting-api").detail
        assert "SINCH_REPORTING_URL" in one(findings, "reporting-api").remedy

    @pytest.mark.parametrize("path", ["/v2", "/reports/v1"])
    async def test_a_wrong_address_is_not_taken_for_an_unknown_counter(self, for_bot, api, path):
        findings = await examine(for_bot | {"SINCH_REPORTING_URL": api.url.removesuffix("/v1") + path})

        assert failed(findings) == ["reporting-api"]
        assert "like https://host/v1" in one(findings, "reporting-api").remedy

    async def test_an_unknown_counter_is_a_warning_because_the_bot_works_without(self, for_bot):
        findings = await examine(for_bot | {"CALLWATCH_COUNTERS": "nosuch"})
        found = one(findings, "reporting-api")

        assert failed(findings) == []
        assert found.verdict is Verdict.WARN
        assert "takes our signature, but knows no counter nosuch" in found.detail


class TestSlack:
    @pytest.mark.parametrize("scope", ["chat:write", "users:read"])
    async def test_a_missing_scope_is_named(self, for_bot, scope):
        manifest = parse_manifest(load_manifest().text)
        async with PlaygroundServer(replace(manifest, scopes=manifest.scopes - {scope})) as workspace:
            findings = await examine(for_bot | {"SLACK_API_URL": workspace.api_url})

        assert failed(findings) == ["slack-scopes"]
        assert one(findings, "slack-scopes").detail == f"Missing: {scope}"
        assert "install the app again" in one(findings, "slack-scopes").remedy

    @pytest.mark.parametrize(
        ("name", "value", "check_id"),
        [
            ("SLACK_BOT_TOKEN", "xoxb-callwatch-revoked", "slack-bot-token"),
            ("SLACK_APP_TOKEN", "xapp-callwatch-revoked", "slack-app-token"),
        ],
        ids=["bot token", "app token"],
    )
    async def test_a_token_that_slack_does_not_take_is_told_with_slacks_word(self, for_bot, name, value, check_id):
        findings = await examine(for_bot | {name: value})

        assert failed(findings) == [check_id]
        assert "invalid_auth" in one(findings, check_id).detail
        assert value not in repr(findings)

    async def test_an_app_token_without_the_right_to_connect_is_told(self, for_bot, workspace):
        workspace.faults.refuse("missing_scope", "apps.connections.open")
        findings = await examine(for_bot)

        assert failed(findings) == ["slack-app-token"]
        assert "missing_scope" in one(findings, "slack-app-token").detail

    async def test_slack_that_cannot_be_reached_is_told(self, for_bot, workspace):
        await workspace.stop()
        findings = await examine(for_bot)

        assert failed(findings) == ["slack-bot-token", "slack-app-token"]
        assert "cannot be reached" in one(findings, "slack-bot-token").detail
        assert "SLACK_API_URL" in one(findings, "slack-bot-token").remedy

    @pytest.mark.parametrize("weather", ["html", "error_500", "drop_before"])
    async def test_what_is_not_slack_is_told(self, for_bot, workspace, weather):
        getattr(workspace.faults, weather)("auth.test")
        findings = await examine(for_bot)

        assert failed(findings) == ["slack-bot-token"]
        assert "SLACK_API_URL" in one(findings, "slack-bot-token").remedy


def folder_missing(path: Path) -> None:
    path.parent.rmdir()


def a_directory(path: Path) -> None:
    path.mkdir()


def damaged(path: Path) -> None:
    with contextlib.closing(open_connection(path, busy_timeout_s=1)) as db:
        db.conn.executemany("INSERT INTO seen VALUES (?, 1)", [(f"{row:0200}",) for row in range(500)])
    with path.open("r+b") as file:
        file.truncate(path.stat().st_size // 2)


def not_a_database(path: Path) -> None:
    path.write_text("Dear diary, " * 1000)


def newer(path: Path) -> None:
    open_connection(path, busy_timeout_s=1).close()
    with contextlib.closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.execute(
            "INSERT INTO _sqlite_migrations (migration_set, name, applied_at) VALUES ('callwatch', 'boards', '2031')"
        )


def read_only_file(path: Path) -> None:
    open_connection(path, busy_timeout_s=1).close()
    path.chmod(0o400)


def read_only_folder(path: Path) -> None:
    path.parent.chmod(0o500)


def content(folder: Path) -> dict[Path, bytes]:
    """Return every file below `folder` with what is in it.

    Left out are the lock of SQLite (-shm) and an empty log: whoever reads a database in WAL mode has to make them.
    """
    files = {path: path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()}
    return {
        path: text
        for path, text in files.items()
        if not path.name.endswith("-shm") and (text or not path.name.endswith("-wal"))
    }


class TestDatabase:
    @pytest.fixture
    def guarded(self) -> Iterator[Path]:
        """A folder whose permissions count: root is nobody meanwhile, because permissions do not stop root."""
        folder = Path(tempfile.mkdtemp())
        is_root = os.geteuid() == 0
        if is_root:
            os.chown(folder, 65534, 65534)
            os.setresuid(65534, 65534, 0)
        try:
            (folder / "data").mkdir()
            yield folder / "data"
        finally:
            if is_root:
                os.setresuid(0, 0, 0)
            shutil.rmtree(folder)

    @pytest.mark.parametrize(
        ("spoil", "detail"),
        [
            pytest.param(folder_missing, "does not exist: create it", id="folder missing"),
            pytest.param(a_directory, "is a directory: name a file", id="a directory"),
            pytest.param(not_a_database, "is not a SQLite database", id="a text file"),
            pytest.param(damaged, "restore a backup", id="damaged"),
            pytest.param(newer, "newer Callwatch", id="newer schema"),
            pytest.param(read_only_file, "may not be read and written by this user", id="read-only file"),
            pytest.param(read_only_folder, "is read-only for this user", id="read-only folder"),
        ],
    )
    async def test_a_file_that_cannot_be_used_is_told_and_not_touched(self, guarded, spoil, detail):
        path = guarded / "callwatch.db"
        spoil(path)
        before = content(guarded)
        findings = await examine({"CALLWATCH_DATABASE": str(path)})

        found = one(findings, "database")
        assert found.verdict is Verdict.FAIL
        assert detail in found.detail
        assert str(path.parent) in found.detail
        assert content(guarded) == before

    async def test_a_file_that_is_not_there_yet_is_well_and_not_made(self, guarded):
        found = one(await examine({"CALLWATCH_DATABASE": str(guarded / "callwatch.db")}), "database")

        assert found.verdict is Verdict.OK
        assert "will be made at the first start" in found.detail
        assert list(guarded.iterdir()) == []

    async def test_an_empty_file_is_well_and_stays_empty(self, guarded):
        path = guarded / "callwatch.db"
        path.touch()
        found = one(await examine({"CALLWATCH_DATABASE": str(path)}), "database")

        assert found.verdict is Verdict.OK
        assert "the next start brings it up to date" in found.detail
        assert content(guarded) == {path: b""}

    async def test_beside_a_running_bot_nothing_is_touched(self, for_bot, workspace, tmp_path):
        settings = Settings.from_env(for_bot, {Need.SLACK, Need.REPORTING})
        async with running_bot(settings, load_manifest()) as bot:
            ana = workspace.person("ana")
            await ana.types("/calls username abc123")
            await ana.reads()
            await bot.desk.drain(5)
            before = content(tmp_path)
            findings = await examine(for_bot)

            assert failed(findings) == []
            assert "is sound" in one(findings, "database").detail
            assert any(path.name.endswith("-wal") for path in before)
            assert content(tmp_path) == before
            assert len(await bot.audit.entries()) == 1


class TestProbeDays:
    """Two calls yesterday, one before and one after noon, and one today."""

    @pytest.fixture
    def midnight(self, api) -> datetime:
        midnight = utc_now().replace(hour=0, minute=0, second=0, microsecond=0)
        for hours in (-20, -5, 0):
            at_ms = to_ms(midnight + timedelta(hours=hours))
            api.records.add([CallRecord(ABC, Domain.DATA, at_ms, 60, is_success=True)])
        return midnight

    @pytest.mark.parametrize(
        ("whole_days", "verdict", "detail"),
        [
            (WholeDays.OFF, Verdict.OK, "the two halves add up to the day (2 calls)"),
            (WholeDays.WIDEN, Verdict.FAIL, "2 calls in the day, but 2 + 2 in its halves"),
            (WholeDays.TRUNCATE, Verdict.FAIL, "all 2 calls of the day are found in its last minute, too"),
        ],
    )
    async def test_an_api_that_knows_whole_days_only_is_found_out(
        self, for_bot, api, midnight, whole_days, verdict, detail
    ):
        api.quirks.whole_days = whole_days
        found = one(await examine(for_bot, probe_user="abc123"), "probe-days")

        assert found.verdict is verdict
        assert found.detail == f"{midnight - timedelta(days=1):%Y-%m-%d}: {detail}"
        assert ("whole UTC days only" in found.remedy) is (verdict is Verdict.FAIL)

    async def test_no_calls_prove_nothing(self, for_bot, midnight):
        found = one(await examine(for_bot, probe_user="newcomer"), "probe-days")

        assert found.verdict is Verdict.SKIP
        assert "Name a user who had calls" in found.remedy

    async def test_an_unknown_user_is_told(self, for_bot, midnight):
        found = one(await examine(for_bot, probe_user="nosuchuser"), "probe-days")

        assert found.verdict is Verdict.FAIL
        assert "nosuchuser" in found.detail

    async def test_it_is_asked_for_only_when_somebody_asks(self, for_bot, api, midnight):
        await examine(for_bot)

        assert [served.path for served in api.journal if "/users/" in served.path] == []

    def test_the_whole_day_in_the_last_minute_is_a_whole_day_api_even_with_one_call(self):
        day, nothing = CallReport(1, 0, 60, datetime(2026, 11, 22, tzinfo=UTC)), CallReport(0, 0, 0, None)

        assert judge_day(day, nothing, day, day, day="2026-11-22").verdict is Verdict.FAIL
        assert judge_day(day, nothing, day, nothing, day="2026-11-22").verdict is Verdict.OK


class TestTheCommand:
    async def test_prints_a_line_each_and_ends_with_0_when_nothing_is_wrong(self, callwatch, for_bot):
        callwatch.set(**for_bot)
        said = await callwatch("doctor")

        assert (said.code, said.err) == (0, "")
        assert [line.split()[:2] for line in said.out.splitlines()] == [["ok", check_id] for check_id in ALL]

    async def test_prints_the_remedy_below_and_ends_with_1_when_something_is_wrong(self, callwatch, for_bot):
        callwatch.set(**for_bot | {"SLACK_APP_TOKEN": "xapp-callwatch-revoked"})
        said = await callwatch("doctor")

        assert (said.code, said.err) == (1, "")
        wrong, remedy = said.out.splitlines()[-2:]
        assert wrong.split()[:2] == ["fail", "slack-app-token"]
        assert remedy.strip().startswith("→ ")

    async def test_prints_json_for_machines(self, callwatch, for_bot, api):
        api.quirks.clock_offset_s = -1200
        callwatch.set(**for_bot)
        said = await callwatch("doctor", "--json", "--probe-days", "newcomer")
        findings = json.loads(said.out)

        assert (said.code, said.err) == (1, "")
        assert all(list(finding) == ["id", "verdict", "detail", "remedy"] for finding in findings)
        assert {finding["id"]: finding["verdict"] for finding in findings} == {
            **dict.fromkeys(ALL, "ok"),
            "clock": "fail",
            "probe-days": "skip",
        }

    async def test_shows_no_secret_whatever_is_wrong(self, callwatch, for_bot, api, workspace):
        api.quirks.clock_offset_s = 1200
        workspace.faults.html()
        callwatch.set(**for_bot | {"CALLWATCH_LOG_LEVEL": "DEBUG"})
        said = await callwatch("doctor")

        for secret in (DEMO_SECRET, DEMO_KEY, workspace.bot_token, workspace.app_token):
            assert secret not in said.out + said.err
