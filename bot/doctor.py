"""`callwatch doctor`: is everything set up so that the bot can work? Each check is a finding with its remedy."""

from __future__ import annotations

import asyncio
import json
import os
import sys
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from enum import StrEnum

import aiohttp
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient

from bot.app import utc_now
from bot.connecting import missing_scopes, slack_error_code
from bot.manifest import Manifest, load_manifest
from bot.reporting.client import ReportingClient
from bot.reporting.errors import ClockWrong, NotFound, ReportingError
from bot.reporting.models import CallReport, Domain, Identity, IdentityType
from bot.reporting.service import LONGEST_REQUEST
from bot.reporting.signing import (
    CLOCK_TOLERANCE_S,
    SignatureAuth,
    clock_offset_s,
    parse_secret,
    signature,
    string_to_sign,
)
from bot.settings import Need, ReportingSettings, Settings, SettingsError, SlackSettings
from bot.timerange import TimeRange
from storage.errors import StorageError, why_not_open
from storage.opening import inspect

_TIMEOUT_S = 5.0
_NOT_ASKED = "Not asked: its settings are wrong"
_SLACK_URL_REMEDY = "Check the network, a proxy in the way, and SLACK_API_URL."
_URL_REMEDY = "SINCH_REPORTING_URL is the base address with its version, like https://host/v1."


class Verdict(StrEnum):
    """How a check ended."""

    OK = "ok"
    WARN = "warn"
    FAIL = "fail"
    SKIP = "skip"


@dataclass(frozen=True, slots=True)
class Finding:
    """What one check found, and what to do about it ("" when nothing)."""

    id: str
    verdict: Verdict
    detail: str
    remedy: str = ""


async def examine(environment: Mapping[str, str], *, probe_user: str | None = None) -> list[Finding]:
    """Return the findings of all checks; those that talk to others run together and take some seconds at most."""
    findings = [check_signing()]
    slack = _read(environment, Need.SLACK)
    reporting = _read(environment, Need.REPORTING)
    general = _read(environment)
    findings += _settings_findings(general, slack, reporting)
    findings.append(_database(general))
    checks: list[Awaitable[list[Finding]]] = []
    if isinstance(reporting, Settings):
        checks.append(_reporting(reporting.require_reporting(), reporting.counters))
        if probe_user:
            checks.append(_probe_days(reporting.require_reporting(), probe_user))
    else:
        findings.append(Finding("reporting-api", Verdict.SKIP, _NOT_ASKED))
    if isinstance(slack, Settings):
        checks.append(_slack(slack.require_slack(), load_manifest()))
    else:
        findings.append(Finding("slack", Verdict.SKIP, _NOT_ASKED))
    for found in await asyncio.gather(*checks):
        findings += found
    return findings


def print_findings(findings: Sequence[Finding], *, as_json: bool) -> bool:
    """Print the findings, which are this command's data; return whether none failed."""
    if as_json:
        sys.stdout.write(json.dumps([asdict(finding) for finding in findings], indent=2, ensure_ascii=False) + "\n")
    else:
        for finding in findings:
            sys.stdout.write(f"{finding.verdict:<4}  {finding.id:<16} {finding.detail}\n")
            if finding.remedy:
                sys.stdout.write(f"{'':22} → {finding.remedy}\n")
    return all(finding.verdict is not Verdict.FAIL for finding in findings)


def check_signing() -> Finding:
    """Return whether our signing gives what the platform's own documentation prints for its example."""
    text = string_to_sign(
        method="POST",
        body=b'{"message":"Hello world"}',
        content_type="application/json",
        timestamp="2014-06-04T13:41:58Z",
        path="/v1/sms/+46700000000",
    )
    signed = signature(parse_secret("JViE5vDor0Sw3WllZka15Q=="), text)
    if signed == "qDXMwzfaxCRS849c/2R0hg0nphgdHciTo7OdM6MsdnM=":
        return Finding("signing", Verdict.OK, "Requests are signed as the platform's published example wants it")
    return Finding("signing", Verdict.FAIL, "The published example is signed wrongly", "Install Callwatch anew.")


def _read(environment: Mapping[str, str], *needs: Need) -> Settings | SettingsError:
    try:
        return Settings.from_env(environment, needs)
    except SettingsError as error:
        return error


def _settings_findings(*read: Settings | SettingsError) -> list[Finding]:
    mistakes = {
        mistake: None for settings in read if isinstance(settings, SettingsError) for mistake in settings.mistakes
    }
    warnings = {warning: None for settings in read if isinstance(settings, Settings) for warning in settings.warnings}
    found = [Finding("settings", Verdict.FAIL, str(mistake)) for mistake in mistakes]
    found += [Finding("settings", Verdict.WARN, warning) for warning in warnings]
    return found or [Finding("settings", Verdict.OK, "Every setting is there and well formed")]


def _database(settings: Settings | SettingsError) -> Finding:
    """Look at the file without touching it: a running bot may have it open."""
    if isinstance(settings, SettingsError):
        return Finding("database", Verdict.SKIP, "Not looked at: the settings are wrong")
    path = settings.database
    if path.is_dir():  # opened for reading only, it would be a "disk I/O error"
        return Finding("database", Verdict.FAIL, why_not_open(path))
    try:
        facts = inspect(path)
    except StorageError as error:
        return Finding("database", Verdict.FAIL, str(error))
    if facts is None:
        return Finding("database", Verdict.OK, f"{path} will be made at the first start")
    if not os.access(path, os.R_OK | os.W_OK):  # it was opened for reading only
        return Finding("database", Verdict.FAIL, why_not_open(path))
    if facts.pending:
        detail = f"{path} is sound; the next start brings it up to date ({', '.join(facts.pending)})"
        return Finding("database", Verdict.OK, detail)
    return Finding("database", Verdict.OK, f"{path} is sound and can be written")


async def _reporting(settings: ReportingSettings, counters: Sequence[str]) -> list[Finding]:
    """Ask for a counter: an answer, also "no such counter", shows that key, secret and clock are right."""
    auth = SignatureAuth(settings.application_key, parse_secret(settings.application_secret.reveal()), utc_now)
    client = ReportingClient(settings.url, auth, budget_s=_TIMEOUT_S)
    try:
        await client.fetch_counter(counters[0])
        found = Finding("reporting-api", Verdict.OK, f"{settings.url} answers and takes our signature")
    except NotFound as error:
        if error.code is None or not await _has_call_reports(client):
            detail = f"{settings.url} answers, but has neither counters nor call reports there"
            found = Finding("reporting-api", Verdict.FAIL, detail, _URL_REMEDY)
        else:
            detail = f"{settings.url} answers and takes our signature, but knows no counter {counters[0]}"
            remedy = f"Ask the provider to set up the counter {counters[0]}, or change CALLWATCH_COUNTERS."
            found = Finding("reporting-api", Verdict.WARN, detail, remedy)
    except ClockWrong as error:
        found = Finding("reporting-api", Verdict.FAIL, str(error), "Let the host keep its time by NTP.")
    except ReportingError as error:
        code = f" (code {error.code})" if error.code else ""
        remedy = "Compare SINCH_APPLICATION_KEY, SINCH_APPLICATION_SECRET and SINCH_REPORTING_URL with the dashboard."
        found = Finding("reporting-api", Verdict.FAIL, f"{settings.url}: {error}{code}", remedy)
    finally:
        await client.aclose()
    return [found, _clock(client.last_date, utc_now())]


async def _has_call_reports(client: ReportingClient) -> bool:
    """Tell whether call reports are where they should be: asked for too long a window, a wrong address says 404."""
    until = utc_now()
    try:
        await client.fetch_call_report(
            Identity(IdentityType.USERNAME, "callwatch-doctor"),
            Domain.DATA,
            TimeRange(until - LONGEST_REQUEST - timedelta(days=1), until),
        )
    except NotFound:
        return False
    except ReportingError:
        return True
    return True


def _clock(date_header: str | None, now: datetime) -> Finding:
    offset_s = clock_offset_s(date_header, now)
    if offset_s is None:
        return Finding("clock", Verdict.SKIP, "Not measured: the platform told no time")
    if abs(offset_s) > CLOCK_TOLERANCE_S:
        side = "behind" if offset_s > 0 else "ahead of"
        detail = f"This host's clock is {abs(offset_s):,.0f} s {side} the platform's"
        return Finding("clock", Verdict.FAIL, detail, "Let the host keep its time by NTP.")
    return Finding("clock", Verdict.OK, f"This host's clock agrees with the platform's within {abs(offset_s):.0f} s")


async def _probe_days(settings: ReportingSettings, user: str) -> list[Finding]:
    """Ask for yesterday (UTC) whole and in two halves."""
    auth = SignatureAuth(settings.application_key, parse_secret(settings.application_secret.reveal()), utc_now)
    client = ReportingClient(settings.url, auth)
    identity = Identity(IdentityType.USERNAME, user)
    until = utc_now().replace(hour=0, minute=0, second=0, microsecond=0)
    since = until - timedelta(days=1)
    noon = since + timedelta(hours=12)
    try:
        whole, first, second, last_minute = [
            await client.fetch_call_report(identity, Domain.DATA, window)
            for window in (
                TimeRange(since, until),
                TimeRange(since, noon),
                TimeRange(noon, until),
                TimeRange(until - timedelta(minutes=1), until),
            )
        ]
    except ReportingError as error:
        return [Finding("probe-days", Verdict.FAIL, str(error), "Name a user who had calls yesterday.")]
    finally:
        await client.aclose()
    return [judge_day(whole, first, second, last_minute, day=f"{since:%Y-%m-%d}")]


def judge_day(
    whole: CallReport, first: CallReport, second: CallReport, last_minute: CallReport, *, day: str
) -> Finding:
    """Return what one day, asked whole, in halves and for its last minute, tells of the API's sense of time.

    An API that widens to whole days counts every call in both halves. One that cuts both ends to midnight gives halves
    that add up all the same, but finds the whole day in its last minute.
    """
    if not whole.calls:
        detail = f"No calls on {day}, so there is nothing to compare"
        return Finding("probe-days", Verdict.SKIP, detail, "Name a user who had calls yesterday.")
    remedy = "This API knows whole UTC days only: do not trust ranges in hours, nor days in other zones than UTC."
    if _figures(whole) != _figures(first + second):
        detail = f"{day}: {whole.calls} calls in the day, but {first.calls} + {second.calls} in its halves"
        return Finding("probe-days", Verdict.FAIL, detail, remedy)
    if _figures(whole) == _figures(last_minute):
        detail = f"{day}: all {whole.calls} calls of the day are found in its last minute, too"
        return Finding("probe-days", Verdict.FAIL, detail, remedy)
    return Finding("probe-days", Verdict.OK, f"{day}: the two halves add up to the day ({whole.calls} calls)")


def _figures(report: CallReport) -> tuple[int, int, int]:
    return report.success, report.failed, report.duration_s


async def _slack(settings: SlackSettings, manifest: Manifest) -> list[Finding]:
    async with aiohttp.ClientSession() as session:
        client = AsyncWebClient(
            settings.bot_token.reveal(), base_url=settings.api_url, session=session, timeout=5, retry_handlers=[]
        )
        bot, app = await asyncio.gather(
            _slack_check("slack-bot-token", lambda: _bot_token(client, manifest)),
            _slack_check("slack-app-token", lambda: _app_token(client, settings)),
        )
    return [*bot, *app]


async def _slack_check(check_id: str, check: Callable[[], Awaitable[list[Finding]]]) -> list[Finding]:
    try:
        async with asyncio.timeout(_TIMEOUT_S):
            return await check()
    except SlackApiError as error:
        code = slack_error_code(error)
        if code is None:
            return [Finding(check_id, Verdict.FAIL, "What answers there is not Slack: no JSON came", _SLACK_URL_REMEDY)]
        remedy = "Copy the token anew from the app's page; after a change of scopes install the app again."
        return [Finding(check_id, Verdict.FAIL, f"Slack does not take it: {code}", remedy)]
    except (aiohttp.ClientError, TimeoutError) as error:
        detail = f"Slack cannot be reached ({type(error).__name__})"
        return [Finding(check_id, Verdict.FAIL, detail, _SLACK_URL_REMEDY)]


async def _bot_token(client: AsyncWebClient, manifest: Manifest) -> list[Finding]:
    answer = await client.auth_test()
    found = [Finding("slack-bot-token", Verdict.OK, f"Signed in as {answer.get('user')} in {answer.get('team')}")]
    missing = missing_scopes(manifest, answer.headers)
    if missing is None:
        return [*found, Finding("slack-scopes", Verdict.SKIP, "Slack did not tell the scopes")]
    if missing:
        detail = f"Missing: {', '.join(missing)}"
        remedy = "Put manifest.yml into the app's settings and install the app again."
        return [*found, Finding("slack-scopes", Verdict.FAIL, detail, remedy)]
    return [*found, Finding("slack-scopes", Verdict.OK, "All scopes of manifest.yml are granted")]


async def _app_token(client: AsyncWebClient, settings: SlackSettings) -> list[Finding]:
    await client.apps_connections_open(app_token=settings.app_token.reveal())
    return [Finding("slack-app-token", Verdict.OK, "Slack opens a Socket Mode connection for it")]
