"""Logs: no secret survives any way of logging it, and people's data is cut short."""

from __future__ import annotations

import io
import json
import logging
from collections.abc import Iterator

import pytest
import structlog
from hypothesis import assume, given
from hypothesis import strategies as st

from bot import logs
from bot.redaction import Redactor

FORMATS = ("console", "json")
TOKEN = "xoxb-callwatch-demo-4711"


@pytest.fixture(autouse=True)
def _logging_as_it_was() -> Iterator[None]:
    """Put back what `configure` changes in the process."""
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    yield
    root.handlers[:] = handlers
    root.setLevel(level)
    for name in logs.QUIETER:
        logging.getLogger(name).setLevel(logging.NOTSET)
    structlog.reset_defaults()


def written(log_format: str = "console", level: str = "DEBUG", secrets: tuple[str, ...] = ()) -> io.StringIO:
    """Return the stream into which everything logged from now on is written."""
    stream = io.StringIO()
    logs.configure(level, log_format, secrets, stream)
    return stream


def break_twice(text: str) -> None:
    """Raise one error because of another, both with `text`, and with something else in a local variable."""
    local = {"in": "a variable".replace("a ", "a_")}
    try:
        break_once(text)
    except ValueError as error:
        raise RuntimeError(f"after {text}, {len(local)}") from error


def break_once(text: str) -> None:
    raise ValueError(text)


@pytest.mark.parametrize("log_format", FORMATS)
@given(secret=st.text(alphabet=st.characters(categories=["L", "N", "P", "S"]), min_size=8, max_size=40))
def test_no_way_of_logging_a_known_secret_shows_it(log_format: str, secret: str) -> None:
    assume("*" not in secret and secret not in "Traceback (most recent call last)")
    stream = written(log_format, secrets=(secret,))
    ours, theirs = structlog.get_logger("bot.here"), logging.getLogger("slack_bolt.there")

    ours.info(secret, plain=secret, inside={"a": [secret, (secret,)]}, raw=secret.encode(), thing=ValueError(secret))
    ours.bind(bound=secret).warning(f"token={secret}&more", authorization=f"Bearer {secret}")
    with structlog.contextvars.bound_contextvars(context=secret):
        theirs.debug("%s and %r", secret, {secret: secret}, extra={"more": secret}, stack_info=True)
    try:
        break_twice(secret)
    except RuntimeError as error:
        error.add_note(secret)
        ours.exception("broke", why=error)
        theirs.exception("broke %s", error)
    theirs.error("too few %s %s", secret)

    assert stream.getvalue().count("***") >= 10
    assert secret not in stream.getvalue()


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("xoxb-0-abc-DEF", "xoxb-***"),
        ("xoxe.xoxp-1-abcdef", "xoxe.xoxp-***"),
        ("token=xapp-1-A0-abcdef&channel=C1", "token=xapp-***&channel=C1"),
        ("Authorization: Application 0a1b2c3d-key:c2lnbmF0dXJlc2ln", "Authorization: ***"),
        ("{'Authorization': 'Bearer abcdefgh', 'x': 1}", "{'Authorization': '***', 'x': 1}"),
        ("(b'authorization', b'Basic YWJj')", "(b'authorization', b'***')"),
        ('"authorization": "xyz"', '"authorization": "***"'),
        ("sent Application 0a1b2c3d:c2lnbmF0dXJlc2lnbmF0dXJl=", "sent Application ***"),
        ("sent Bearer abcdefgh.ijk", "sent Bearer ***"),
        ("POST https://hooks.slack.com/commands/T1/2/abc now", "POST https://hooks.slack.com/*** now"),
        (r'"https:\/\/hooks.slack.com\/actions\/T1"', r'"https:\/\/hooks.slack.com\/***"'),
        ('"response_url": "http://127.0.0.1:1/response/1"', '"response_url": "***"'),
        ("wss://wss.slack.com/link/?ticket=abc&app_id=1", "wss://wss.slack.com/link/?ticket=***&app_id=1"),
        ("http://me:pass@example.com/v1", "http://***@example.com/v1"),
        ("to +46730170101.", "to +4673…101."),
        ("tel:+46 73-017 01 01|", "tel:+4673…101|"),
        ("?number=%2B46730170101", "?number=%2B4673…101"),
        ("anna.b@example.org, c@d.se", "a…@example.org, c…@d.se"),
        ("anna%40example.org", "a…%40example.org"),
        ("/v1/users/username/abc123/calls/data", "/v1/users/username/…/calls/data"),
    ],
)
def test_shapes_of_secrets_and_people_are_cut_short(text: str, shown: str) -> None:
    redact = Redactor()

    assert redact(text) == shown
    assert redact(shown) == shown


@pytest.mark.parametrize(
    "text",
    [
        "Application starting, basic authentication, bearer of news",
        "2026-11-23T14:02:10.123456+00:00 ts=1700000000.123456",
        "SLACK_BOT_TOKEN must start with xoxb-: copy it",
        "@Callwatch calls last-7d",
        "1+1 of 5 +3 -74 %",
    ],
)
def test_ordinary_words_stay(text: str) -> None:
    assert Redactor()(text) == text


@pytest.mark.parametrize("secret", ["", "abc", "     "])
def test_what_is_too_short_to_be_a_secret_stays(secret: str) -> None:
    assert Redactor([secret])("abc     def") == "abc     def"


def test_a_secret_that_begins_another_does_not_leave_its_end() -> None:
    assert Redactor(["abcdefgh", "abcdefgh-ijkl"])("abcdefgh-ijkl abcdefgh") == "*** ***"


@given(text=st.text(max_size=300))
def test_redacting_never_fails_and_needs_to_be_done_once(text: str) -> None:
    redact = Redactor([TOKEN])

    assert redact(redact(text)) == redact(text)


def test_json_lines_are_json_whoever_wrote_them() -> None:
    stream = written("json")

    structlog.get_logger("bot.here").info("asked", topic="calls", thing=object())
    logging.getLogger("slack_bolt").warning("a %s\nb", "café")

    ours, theirs = map(json.loads, stream.getvalue().splitlines())
    assert (ours["event"], ours["level"], ours["logger"], ours["topic"]) == ("asked", "info", "bot.here", "calls")
    assert (theirs["event"], theirs["level"], theirs["logger"]) == ("a café\nb", "warning", "slack_bolt")
    assert ours["timestamp"].endswith("Z")


@pytest.mark.parametrize("log_format", FORMATS)
def test_a_traceback_is_in_the_line_and_local_variables_are_not(log_format: str) -> None:
    stream = written(log_format)

    try:
        break_twice("in the text")
    except RuntimeError:
        structlog.get_logger().exception("broke", reference="K7")

    assert "ValueError: in the text" in stream.getvalue()
    assert "RuntimeError: after" in stream.getvalue()
    assert "K7" in stream.getvalue()
    assert "a_variable" not in stream.getvalue()


def test_a_level_silences_what_is_below_it_of_ours_and_of_libraries() -> None:
    stream = written(level="WARNING")

    structlog.get_logger().info("quiet")
    logging.getLogger("slack_bolt").info("quiet")
    structlog.get_logger().warning("loud")

    assert "quiet" not in stream.getvalue()
    assert "loud" in stream.getvalue()


@pytest.mark.parametrize("name", sorted(logs.QUIETER))
def test_lines_with_identities_and_endless_lines_are_silent_even_at_debug(name: str) -> None:
    stream = written(level="DEBUG")

    logging.getLogger(name).info("HTTP Request: GET /v1/counters/currentcalls")
    logging.getLogger(name).warning("trouble")

    assert "GET" not in stream.getvalue()
    assert "trouble" in stream.getvalue()


def test_a_record_that_cannot_be_written_is_told_without_its_arguments() -> None:
    stream = written()

    logging.getLogger("slack_bolt").error("%d is no number", TOKEN)

    assert stream.getvalue().startswith("error: a record of slack_bolt could not be written (")
    assert TOKEN not in stream.getvalue()


def test_configuring_again_writes_each_line_once() -> None:
    first = written()
    second = written()

    structlog.get_logger().info("once")

    assert first.getvalue() == ""
    assert second.getvalue().count("once") == 1


def test_nothing_goes_to_stdout(capsys: pytest.CaptureFixture[str]) -> None:
    written()

    structlog.get_logger().error("here")
    logging.getLogger("x").error("here")

    assert capsys.readouterr() == ("", "")
