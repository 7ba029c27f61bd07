"""Signing against values that official SDKs gave, each stage asserted; the flow is driven by hand."""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.reporting.client import quote_segment
from bot.reporting.signing import (
    SignatureAuth,
    clock_offset_s,
    content_md5,
    format_timestamp,
    is_signature_valid,
    parse_secret,
    signature,
    string_to_sign,
)

DOCUMENT = json.loads((Path(__file__).parent / "signing-vectors.json").read_text(encoding="utf-8"))
VECTORS = DOCUMENT["vectors"]
NOW = datetime(2026, 1, 15, 9, 30, tzinfo=UTC)
KEY = "9f3c2f1e-6b1d-4c57-9d2e-0a1b2c3d4e5f"
SECRET = parse_secret("AAECAwQFBgcICQoLDA0ODw==")


def by_name(vector):
    return vector["name"]


def text_of(vector):
    return string_to_sign(
        method=vector["method"],
        body=vector.get("body", "").encode(),
        content_type=vector["content_type"],
        timestamp=vector["timestamp"],
        path=vector["path"],
    )


@pytest.mark.parametrize("vector", VECTORS + DOCUMENT["published_but_odd"], ids=by_name)
def test_string_to_sign_is_the_published_one(vector):
    assert text_of(vector) == vector["string_to_sign"]


@pytest.mark.parametrize("vector", VECTORS + DOCUMENT["published_but_odd"], ids=by_name)
def test_signature_is_the_published_one(vector):
    claimed = vector["authorization"].rpartition(":")[2]

    assert signature(parse_secret(vector["secret"]), vector["string_to_sign"]) == claimed


@pytest.mark.parametrize("vector", [vector for vector in VECTORS if vector["method"] == "GET"], ids=by_name)
def test_the_flow_signs_the_bytes_on_the_wire(vector):
    auth = SignatureAuth(vector["key"], parse_secret(vector["secret"]), lambda: datetime(2000, 1, 1, tzinfo=UTC))
    headers = {"content-type": vector["content_type"]} if vector["content_type"] else {}
    query = f"?{vector['query']}" if vector["query"] else ""
    request = next(auth.auth_flow(httpx.Request("GET", f"https://api.test{vector['path']}{query}", headers=headers)))

    # Only the timestamp is the flow's own choice, so the published one takes its place before comparing.
    ours = request.headers["x-timestamp"]
    expected = vector["string_to_sign"].replace(vector["timestamp"], ours)
    assert ours == "2000-01-01T00:00:00.000Z"
    assert request.url.raw_path.decode().partition("?")[0] == vector["path"]
    assert request.headers["authorization"] == (
        f"Application {vector['key']}:{signature(parse_secret(vector['secret']), expected)}"
    )


@pytest.mark.parametrize("vector", DOCUMENT["negative_vectors"], ids=by_name)
def test_wrongly_signed_vectors_are_not_valid(vector):
    claimed = vector["authorization"].rpartition(":")[2]

    assert not is_signature_valid(parse_secret(vector["secret"]), text_of(vector), claimed)


def test_no_body_has_no_md5():
    assert content_md5(b"") == ""


@pytest.mark.parametrize("given_secret", [" JViE5vDor0Sw3WllZka15Q==\n", "JViE5vDor0Sw\n3WllZka15Q=="])
def test_a_secret_pasted_with_blanks_is_decoded(given_secret):
    assert parse_secret(given_secret) == parse_secret("JViE5vDor0Sw3WllZka15Q==")


@pytest.mark.parametrize("broken", ["", "JViE5vDor0Sw3WllZka15Q", "not base64!", "JViE5v==Dor0"])
def test_a_secret_that_cannot_be_one_is_refused_without_being_quoted(broken):
    with pytest.raises(ValueError) as caught:  # noqa: PT011 - the sentence is checked below
        parse_secret(broken)

    assert not broken or broken not in str(caught.value)


def drive(auth, *answers):
    """Send a request through the flow with these answers; return what was sent."""
    flow = auth.auth_flow(httpx.Request("GET", "https://api.test/v1/counters/x"))
    sent = [dict(next(flow).headers)]
    for answer in answers:
        try:
            sent.append(dict(flow.send(answer).headers))
        except StopIteration:
            break
    return sent


def refused(date):
    return httpx.Response(401, headers={"date": date} if date else {})


def test_a_401_with_another_clock_is_signed_once_more_with_that_clock():
    auth = SignatureAuth(KEY, SECRET, lambda: NOW)

    sent = drive(auth, refused("Thu, 15 Jan 2026 10:30:00 GMT"), refused("Thu, 15 Jan 2026 10:30:00 GMT"))

    assert [request["x-timestamp"] for request in sent] == ["2026-01-15T09:30:00.000Z", "2026-01-15T10:30:00.000Z"]
    assert auth.offset_s == 3600


def test_the_corrected_clock_is_kept_for_the_next_request():
    auth = SignatureAuth(KEY, SECRET, lambda: NOW)
    drive(auth, refused("Thu, 15 Jan 2026 10:30:00 GMT"), httpx.Response(200))

    assert drive(auth, httpx.Response(200))[0]["x-timestamp"] == "2026-01-15T10:30:00.000Z"


def test_a_clock_that_was_mended_needs_no_correction_any_more():
    auth = SignatureAuth(KEY, SECRET, lambda: NOW)
    drive(auth, refused("Thu, 15 Jan 2026 10:30:00 GMT"), httpx.Response(200))
    drive(auth, refused("Thu, 15 Jan 2026 09:30:01 GMT"), httpx.Response(200))

    assert auth.offset_s == 0


def test_requests_that_were_on_their_way_with_the_wrong_clock_are_all_corrected():
    auth = SignatureAuth(KEY, SECRET, lambda: NOW)
    flows = [auth.auth_flow(httpx.Request("GET", "https://api.test/v1/counters/x")) for _ in range(3)]
    for flow in flows:
        next(flow)

    again = [flow.send(refused("Thu, 15 Jan 2026 10:30:00 GMT")).headers["x-timestamp"] for flow in flows]

    assert again == ["2026-01-15T10:30:00.000Z"] * 3


@pytest.mark.parametrize(
    "date",
    [None, "yesterday", "Thu, 15 Jan 2026 09:30:59 GMT", "Thu, 15 Jan 2026 09:29:01 GMT"],
    ids=["missing", "unreadable", "nearly ahead", "nearly behind"],
)
def test_a_401_that_the_clock_does_not_explain_is_final(date):
    auth = SignatureAuth(KEY, SECRET, lambda: NOW)

    assert len(drive(auth, refused(date))) == 1
    assert auth.offset_s == 0


def test_repr_shows_neither_key_nor_secret():
    assert KEY not in repr(SignatureAuth(KEY, SECRET, lambda: NOW))


@given(st.datetimes(timezones=st.just(UTC), min_value=datetime(1970, 1, 2), max_value=datetime(9000, 1, 1)))
def test_timestamps_read_back_to_the_millisecond(instant):
    text = format_timestamp(instant)

    assert timedelta(0) <= instant - datetime.fromisoformat(text) < timedelta(milliseconds=1)
    assert len(text) == len("2026-01-15T09:30:00.000Z")


@given(st.text(max_size=60))
def test_clock_offset_never_raises_on_any_header(header):
    clock_offset_s(header, NOW)


@given(st.text(st.characters(exclude_categories=["Cc", "Cs"]), min_size=1).filter(lambda text: text not in {".", ".."}))
def test_any_name_is_one_segment_that_reads_back(name):
    url = httpx.URL(f"https://api.test/v1/users/username/{quote_segment(name)}/calls/data")

    raw = url.raw_path.decode()
    assert raw == f"/v1/users/username/{quote_segment(name)}/calls/data"
    assert url.path == f"/v1/users/username/{name}/calls/data"
