"""Requests to the embedded API as the tests make them, and the API they ask."""

import base64
import hmac
import json
from datetime import UTC, datetime

from bot.reporting.models import Domain, Identity, IdentityType
from bot.reporting.server.access import Application
from bot.reporting.server.api import ReportingApi
from bot.reporting.server.calls import CallRecord
from bot.reporting.server.records import CallRecords
from bot.reporting.server.times import to_ms
from bot.reporting.server.wire import Reply, Request

KEY = "9f3c2f1e-6b1d-4c57-9d2e-0a1b2c3d4e5f"
SECRET = "AAECAwQFBgcICQoLDA0ODw=="
NOW = datetime(2026, 1, 15, 9, 31, 2, 500_000, tzinfo=UTC)
ABC = Identity(IdentityType.USERNAME, "abc123")
CALLS = "/v1/users/username/abc123/calls"


def instant(text: str) -> datetime:
    return datetime.fromisoformat(text)


def call(start: str, *, identity=ABC, domain=Domain.DATA, duration_s=60, is_success=True) -> CallRecord:
    return CallRecord(identity, domain, to_ms(instant(start)), duration_s, is_success)


def an_api(*calls: CallRecord, tolerance_s: float = 300.0) -> ReportingApi:
    records = CallRecords()
    records.declare(ABC)
    records.add(calls)
    return ReportingApi(Application(KEY, SECRET, tolerance_s), records, new_reference=lambda: "ref")


def signed(raw_path: str, *, method="GET", timestamp="2026-01-15T09:31:00Z", secret=SECRET, key=KEY) -> Request:
    """A request signed by hand, in another way than the product signs."""
    text = f"{method}\n\napplication/json\nx-timestamp:{timestamp}\n{raw_path.partition('?')[0]}"
    digest = base64.b64encode(hmac.new(base64.b64decode(secret), text.encode(), "sha256").digest()).decode()
    headers = {
        "authorization": f"Application {key}:{digest}",
        "x-timestamp": timestamp,
        "content-type": "application/json",
    }
    return Request(method, raw_path, headers)


def basic(raw_path: str, *, pair: str = f"{KEY}:{SECRET}", method="GET") -> Request:
    return Request(method, raw_path, {"authorization": "Basic " + base64.b64encode(pair.encode()).decode()})


def said(reply: Reply) -> dict[str, object]:
    return json.loads(reply.body)


def code(reply: Reply) -> int:
    """The platform code of a refusal, 0 for a good answer; checks that code and status agree."""
    document = said(reply)
    if reply.status == 200:
        assert "errorCode" not in document
        return 0
    assert set(document) == {"errorCode", "message", "reference"}
    assert document["errorCode"] // 100 == reply.status
    return document["errorCode"]
