"""The command line: data on stdout, sentences on stderr, exit codes, and no secret anywhere."""

from __future__ import annotations

import csv
import io
import json
import re
import socket
from datetime import UTC, datetime, timedelta

import pytest

from bot import __version__, cli
from bot.demo import DEMO_KEY, DEMO_SECRET
from bot.reporting.models import Domain
from bot.reporting.server import faults
from bot.setting_table import SETTINGS

WANTED_KEYS = [
    "identity",
    "domain",
    "since",
    "until",
    "calls",
    "success",
    "failed",
    "duration_s",
    "first_start",
    "success_rate_pct",
    "acd_s",
    "buckets",
]
BUCKET_KEYS = ["since", "until", "success", "failed", "duration_s"]
TWO_DAYS = "2014-04-28..2014-04-29"
#: The two days as instants, where the terminal's clock shows UTC and where it is two hours ahead.
ZONES = [
    pytest.param("UTC", datetime(2014, 4, 28, tzinfo=UTC), id="UTC"),
    pytest.param("Europe/Stockholm", datetime(2014, 4, 27, 22, tzinfo=UTC), id="two hours ahead"),
]


def ms(instant: datetime) -> int:
    return int(instant.timestamp() * 1000)


def read(instant: str) -> datetime:
    assert instant.endswith("Z")
    return datetime.fromisoformat(instant)


@pytest.fixture
def asking(callwatch, for_reporting):
    """The command line with what it takes to ask the embedded API, and nothing of Slack."""
    callwatch.set(**for_reporting)
    return callwatch


@pytest.mark.parametrize("domain", Domain)
@pytest.mark.parametrize(("zone", "since"), ZONES)
class TestTheReport:
    @pytest.fixture
    def wanted(self, calls_of_2014, domain, since):
        """The calls of abc123 in the two days, found without the API and without SQL."""
        until = since + timedelta(days=2)
        return [
            call
            for call in calls_of_2014
            if call.identity.endpoint == "abc123"
            and call.domain == domain
            and ms(since) <= call.started_at_ms < ms(until)
        ]

    async def test_as_json_equals_a_sum_over_the_records(self, asking, wanted, domain, zone, since):
        asking.set(CALLWATCH_TIMEZONE=zone)
        said = await asking("calls", "username", "abc123", TWO_DAYS, domain, "--json")
        report = json.loads(said.out)

        success = sum(call.is_success for call in wanted)
        duration_s = sum(call.duration_s for call in wanted)
        assert (said.code, said.err) == (0, "")
        assert len(wanted) > 50
        assert list(report) == WANTED_KEYS
        assert report["identity"] == {"type": "username", "endpoint": "abc123"}
        assert report["domain"] == domain
        assert read(report["since"]) == since
        assert read(report["until"]) == since + timedelta(days=2)
        assert report["calls"] == len(wanted)
        assert report["success"] == success
        assert report["failed"] == len(wanted) - success
        assert report["duration_s"] == duration_s
        assert ms(read(report["first_start"])) == min(call.started_at_ms for call in wanted)
        assert report["success_rate_pct"] == pytest.approx(100 * success / len(wanted), abs=0.005)
        assert report["acd_s"] == pytest.approx(duration_s / success, abs=0.005)

    async def test_as_json_has_buckets_that_follow_each_other_and_add_up(self, asking, domain, zone, since):
        asking.set(CALLWATCH_TIMEZONE=zone)
        report = json.loads((await asking("calls", "abc123", TWO_DAYS, domain, "--json")).out)
        buckets = report["buckets"]

        assert all(list(bucket) == BUCKET_KEYS for bucket in buckets)
        edges = [bucket["since"] for bucket in buckets] + [buckets[-1]["until"]]
        assert [bucket["until"] for bucket in buckets] == edges[1:]
        assert (edges[0], edges[-1]) == (report["since"], report["until"])
        for figure in ("success", "failed", "duration_s"):
            assert sum(bucket[figure] for bucket in buckets) == report[figure]

    async def test_as_csv_sums_to_the_same(self, asking, wanted, domain, zone, since):
        asking.set(CALLWATCH_TIMEZONE=zone)
        said = await asking("calls", "abc123", TWO_DAYS, domain, "--csv")
        rows = list(csv.DictReader(io.StringIO(said.out)))

        assert (said.code, said.err) == (0, "")
        assert said.out.splitlines()[0] == "since,until,domain,success,failed,duration_s"
        assert said.out.count("\n") == len(rows) + 1
        assert {row["domain"] for row in rows} == {domain}
        assert (read(rows[0]["since"]), read(rows[-1]["until"])) == (since, since + timedelta(days=2))
        assert sum(int(row["success"]) for row in rows) == sum(call.is_success for call in wanted)
        assert sum(int(row["failed"]) for row in rows) == sum(not call.is_success for call in wanted)
        assert sum(int(row["duration_s"]) for row in rows) == sum(call.duration_s for call in wanted)


async def test_a_csv_has_both_domains_when_both_are_asked_for(asking):
    said = await asking("calls", "abc123", TWO_DAYS, "data", "pstn", "--csv")
    alone = [
        (await asking("calls", "abc123", TWO_DAYS, domain, "--csv")).out.splitlines() for domain in ("data", "pstn")
    ]

    assert said.out.splitlines() == [*alone[0], *alone[1][1:]]


async def test_without_calls_the_figures_that_would_divide_by_zero_are_null(asking):
    said = await asking("calls", "newcomer", TWO_DAYS, "--json")
    report = json.loads(said.out)

    assert said.code == 0
    assert (report["calls"], report["duration_s"]) == (0, 0)
    assert (report["first_start"], report["success_rate_pct"], report["acd_s"]) == (None, None, None)
    assert {(bucket["success"], bucket["failed"]) for bucket in report["buckets"]} == {(0, 0)}


async def test_with_failed_calls_only_the_rate_is_zero_and_the_average_is_null(asking):
    report = json.loads((await asking("calls", "failing", TWO_DAYS, "--json")).out)

    assert (report["calls"], report["success"], report["failed"]) == (3, 0, 3)
    assert (report["success_rate_pct"], report["acd_s"]) == (0.0, None)


async def test_a_report_for_people_has_the_sentence_the_figures_and_the_bars(asking):
    said = await asking("calls", "username", "abc123", TWO_DAYS, "pstn")

    assert (said.code, said.err) == (0, "")
    assert re.match(r"abc123 · .+: \d+ calls, \d+(\.\d)? % succeeded", said.out)
    for words in ("Success rate", "Talked", "calls  ", "data: ", "(UTC)"):
        assert words in said.out


async def test_notes_stay_out_of_the_data(asking):
    said = await asking("calls", "newcomer", TWO_DAYS, "--csv")

    assert said.code == 0
    assert "The platform answers the same for a user without calls" in said.err
    assert "platform" not in said.out


async def test_a_counter_and_a_service_are_a_line_each(asking, api):
    api.counters.set("currentcalls", 1312)
    api.counters.set("registered", 7)
    api.services.set("rtpproxy", "down")
    asking.set(CALLWATCH_COUNTERS="currentcalls,registered")

    counter, both, service = [
        await asking(*words) for words in (("counters", "currentcalls"), ("counters",), ("services", "rtpproxy"))
    ]

    assert (counter.code, both.code, service.code) == (0, 0, 0)
    assert counter.out.startswith("currentcalls: 1,312, as of ")
    assert [line.partition(",")[0] for line in both.out.splitlines()] == ["currentcalls: 1", "registered: 7"]
    assert service.out == "rtpproxy is down\n"
    assert counter.err == both.err == service.err == ""


async def test_no_setting_of_slack_is_looked_at_for_a_question(asking):
    asking.set(SLACK_BOT_TOKEN="nonsense", SLACK_API_URL="nonsense")

    assert (await asking("services", "rtpproxy")).code == 0


WORDS = [
    pytest.param(("calls",), "Whose calls?", "callwatch calls username abc123 last-7d", id="nobody's calls"),
    pytest.param(("calls", "abc123", "lst-7d"), "Did you mean `last-7d`?", "callwatch calls", id="a typo in a range"),
    pytest.param(("calls", "abc123", "last-31d"), "30 days", "callwatch calls", id="over 30 days"),
    pytest.param(("calls", "abc123", "2014-02-30"), "2014-02-30", "callwatch calls", id="an impossible date"),
    pytest.param(("calls", "number", "0730170101"), "+46", "callwatch calls", id="a number without plus"),
    pytest.param(("calls", "abc123", "--json", "--csv"), "not both", "", id="both forms"),
    pytest.param(("calls", "--jsn"), "--json", "", id="an unknown option"),
    pytest.param(("services",), "Which service?", "callwatch services rtpproxy", id="no service"),
    pytest.param(("services", "watch", "rtpproxy"), "in Slack", "callwatch services rtpproxy", id="watching"),
    pytest.param(("reporting-api", "--port", "http"), "'http' is not a valid integer", "", id="a port that is none"),
    pytest.param(("reporting-api", "--port", "65536"), "not in the range", "", id="a port that cannot be"),
    pytest.param(("demo", "--script", "missing.txt"), "missing.txt", "", id="a script that is not there"),
    pytest.param(("bogus",), "No such command 'bogus'", "", id="an unknown command"),
    pytest.param((), "Usage: callwatch", "", id="nothing"),
]


@pytest.mark.parametrize(("words", "sentence", "suggestion"), WORDS)
async def test_wrong_words_are_told_on_stderr_and_end_with_2(asking, words, sentence, suggestion):
    said = await asking(*words)

    assert (said.code, said.out) == (2, "")
    assert said.err.startswith("Usage: callwatch")
    assert sentence in said.err
    assert suggestion in said.err
    assert "/calls" not in said.err
    assert "/services" not in said.err


async def test_the_suggestion_after_a_typo_works_as_it_stands(asking):
    suggestion = (await asking("calls", "abc123", "lst-7d")).lines[-1].removeprefix("Try: callwatch ")

    assert (await asking(*suggestion.split())).code == 0


WEATHER = [
    pytest.param(lambda api: None, ("calls", "nosuchuser"), "knows no username “nosuchuser”", id="unknown user"),
    pytest.param(lambda api: None, ("counters", "nosuch"), "knows no counter “nosuch”", id="unknown counter"),
    pytest.param(lambda api: None, ("services", "nosuch"), "knows no service “nosuch”", id="unknown service"),
    pytest.param(
        lambda api: api.faults.add(faults.html(200, times=None)), ("services", "x"), "a login page", id="page"
    ),
    pytest.param(lambda api: api.faults.add(faults.refused(40300)), ("calls", "abc123"), "may not read", id="rights"),
]


@pytest.mark.parametrize(("spoil", "words", "sentence"), WEATHER)
async def test_what_the_platform_refuses_is_one_sentence_and_ends_with_1(asking, api, spoil, words, sentence):
    spoil(api)
    said = await asking(*words)

    assert (said.code, said.out) == (1, "")
    assert sentence in said.err
    assert len(said.lines) == 1


async def test_a_platform_that_is_down_is_one_sentence_and_ends_with_1(asking, api):
    await api.stop()
    said = await asking("services", "rtpproxy")

    assert (said.code, said.out, len(said.lines)) == (1, "", 1)
    assert "cannot be reached" in said.err


MISTAKES = {
    "SLACK_BOT_TOKEN": "xapp-callwatch-pasted-into-the-wrong-place",
    "SLACK_APP_TOKEN": "xoxb-callwatch-pasted-into-the-wrong-place",
    "SINCH_APPLICATION_KEY": "not-a-key-but-maybe-something-private",
    "SINCH_APPLICATION_SECRET": "not base64, yet private!",
    "SINCH_REPORTING_URL": "reporting",
    "CALLWATCH_TIMEZONE": "Europe/Stokholm",
    "CALLWATCH_LOG_LEVEL": "loud",
}


def test_all_wrong_settings_are_told_at_once_a_line_each_and_end_with_78(callwatch):
    callwatch.set(**MISTAKES)
    said = callwatch.run("run")

    assert (said.code, said.out) == (78, "")
    assert sorted(line.partition(" ")[0] for line in said.lines) == sorted(MISTAKES)
    assert "did you mean Europe/Stockholm?" in said.err
    for name, value in MISTAKES.items():
        if name.startswith(("SLACK", "SINCH_APPLICATION")):
            assert value not in said.err


@pytest.mark.parametrize("words", [("calls", "abc123"), ("counters",), ("services", "x")], ids=lambda words: words[0])
def test_a_question_names_each_setting_that_it_misses_and_ends_with_78(callwatch, words):
    said = callwatch.run(*words)

    assert (said.code, said.out) == (78, "")
    assert [line.partition(" is not set")[0] for line in said.lines] == [
        "SINCH_APPLICATION_KEY",
        "SINCH_APPLICATION_SECRET",
    ]


def test_a_dotenv_file_that_cannot_be_understood_is_told_by_its_line_and_ends_with_78(callwatch, tmp_path):
    (tmp_path / ".env").write_text("SINCH_APPLICATION_KEY=a\nits secret is hunter2 = '\n")
    said = callwatch.run("services", "rtpproxy")

    assert (said.code, said.out) == (78, "")
    assert ".env has something in line 2" in said.err
    assert "hunter2" not in said.err


async def test_settings_are_read_from_the_dotenv_file_of_the_folder(callwatch, for_reporting, tmp_path):
    (tmp_path / ".env").write_text("".join(f"{name}={value}\n" for name, value in for_reporting.items()))

    assert (await callwatch("services", "rtpproxy")).out == "rtpproxy is up\n"


async def test_a_variable_that_looks_like_a_setting_is_told_beside_the_answer(asking):
    asking.set(CALLWATCH_TIMEZON="UTC")
    said = await asking("services", "rtpproxy")

    assert (said.code, said.out) == (0, "rtpproxy is up\n")
    assert "Did you mean CALLWATCH_TIMEZONE?" in said.err


@pytest.mark.parametrize("log_format", ["console", "json"])
@pytest.mark.parametrize(
    ("words", "code"),
    [
        (("calls", "username", "abc123", TWO_DAYS, "--json"), 0),
        (("calls", "username", "nosuchuser"), 1),
        (("doctor", "--json"), 1),
    ],
    ids=["an answer", "a refusal", "doctor"],
)
async def test_no_secret_is_shown_at_debug_and_stdout_stays_data(asking, api, log_format, words, code):
    api.quirks.clock_offset_s = 1200  # a refusal, a correction and a warning on the way
    asking.set(CALLWATCH_LOG_LEVEL="DEBUG", CALLWATCH_LOG_FORMAT=log_format)
    said = await asking(*words)

    assert said.code == code
    if code == 0 or words[0] == "doctor":
        json.loads(said.out)
    if words[0] == "calls":
        assert "clock_corrected" in said.err, "nothing was logged, so nothing is shown by this test"
    assert DEMO_SECRET not in said.out + said.err
    assert not re.search(r"[A-Za-z0-9+/]{43}=", said.out + said.err), "looks like a signature"
    assert f"Application {DEMO_KEY}:" not in said.out + said.err


HELP = [(), *((name,) for name in cli.callwatch.commands)]


@pytest.mark.parametrize("flag", ["--help", "-h"])
@pytest.mark.parametrize("words", HELP, ids=lambda words: " ".join(words) or "callwatch")
def test_help_of_every_command_is_data_and_needs_no_settings(callwatch, words, flag):
    said = callwatch.run(*words, flag)

    assert (said.code, said.err) == (0, "")
    assert said.out.startswith(f"Usage: {' '.join(('callwatch', *words))} ")


@pytest.mark.parametrize("name", ["calls", "counters", "services"])
def test_the_word_help_asks_for_help_as_in_slack(callwatch, name):
    assert callwatch.run(name, "help") == callwatch.run(name, "--help")


def test_help_names_every_setting(callwatch):
    shown = callwatch.run("--help").out

    assert [setting.name for setting in SETTINGS if setting.name not in shown] == []


@pytest.mark.parametrize("words", [("version",), ("--version",)], ids=" ".join)
def test_the_version_is_told(callwatch, words):
    said = callwatch.run(*words)

    assert (said.code, said.err) == (0, "")
    assert said.out.split()[-1] == __version__


class TestReportingApi:
    """`callwatch reporting-api`, as far as it does not serve; tests/bot/test_running.py lets it."""

    def test_a_port_that_is_taken_is_a_sentence(self, callwatch):
        with socket.create_server(("127.0.0.1", 0)) as taken:
            port = taken.getsockname()[1]
            said = callwatch.run("reporting-api", "--port", str(port))

        assert (said.code, said.out) == (1, "")
        assert (
            said.err == f"Port {port} is taken on this machine: name another with --port; 0 takes one that is free.\n"
        )

    @pytest.mark.parametrize(
        ("row", "reason"),
        [
            (
                "username,abc123,pstn,2014-04-28T12:00:00Z,311,success\nusername,a,fax,2014-04-28,1,failed\n",
                "line 3: do",
            ),
            ("username,abc123,pstn,yesterday,311,success\n", "line 2: start 'yesterday' is no time"),
        ],
        ids=["domain", "start"],
    )
    def test_a_wrong_row_is_told_with_its_line_and_reason(self, callwatch, tmp_path, row, reason):
        (tmp_path / "calls.csv").write_text(f"type,endpoint,domain,start,duration_s,result\n{row}")
        said = callwatch.run("reporting-api", "--port", "0", "--calls", "calls.csv")

        assert (said.code, said.out, len(said.lines)) == (1, "", 1)
        assert f"calls.csv, {reason}" in said.err

    def test_a_file_that_is_not_there_is_told(self, callwatch):
        said = callwatch.run("reporting-api", "--port", "0", "--calls", "calls.csv")

        assert (said.code, said.out) == (1, "")
        assert said.err == "calls.csv cannot be read (No such file or directory).\n"
