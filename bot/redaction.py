"""What a log line may not show: secrets, by value and by shape, and most of a person's number, address or name.

Pure. The finished line is redacted, whatever wrote it, so a value is found in an event, an argument, a header, a URL,
an exception's text and a traceback alike.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from urllib.parse import quote, quote_plus

REDACTED = "***"

#: A shorter value is no secret that anybody gives out, and taking out every "a" would leave no log.
SHORTEST_SECRET = 6

_REST = r"""[^\s"'<>\\,;)}\]]+"""  # of a token, header value or address
_CREDENTIALS = rf"(?:(?:application|bearer|basic)\s+)?{_REST}"

#: Shapes of secrets: a word, in small letters, that every match has in it, and the pattern; its group stays, the rest
#: goes. Looking for the word first makes an ordinary line four times cheaper.
_SHAPES = tuple(
    (word, re.compile(pattern, re.IGNORECASE))
    for word, pattern in (
        # credentials in a header, however that is printed
        ("authorization", rf"""(\bauthorization\b["']?\s*[:=,]\s*b?["']?){_CREDENTIALS}"""),
        ("application ", r"(\bapplication )[0-9a-z-]{8,}:[0-9a-z+/=]{16,}"),
        ("bearer ", r"(\bbearer )[0-9a-z._~+/=-]{8,}"),
        # tokens of Slack: the kind stays, because a swapped one is a usual mistake
        ("xox", r"(\bxox[a-z](?:\.xox[a-z])?-)[0-9a-z-]{3,}"),
        ("xapp-", r"(\bxapp-)[0-9a-z-]{3,}"),
        # whoever has a response_url may answer as the bot, and whoever has a ticket may read what it reads
        ("hooks.slack", r"(\bhttps?:(?:\\?/){2}hooks\.slack(?:-gov)?\.com\\?/)[^\s\"'<>]+"),
        ("response_url", rf"""(\bresponse_url\b["']?\s*[:=]\s*["']?){_REST}"""),
        ("ticket=", r"([?&]ticket=)[^&\s\"'<>]+"),
        ("token=", r"([?&]token=)[^&\s\"'<>]+"),
        # name and password in front of a host
        ("://", r"(\w://)[^\s/@:\"']+:[^\s/@\"']+(?=@)"),
    )
)

#: Shapes of people's data: likewise, but the rest becomes a "…".
_PEOPLE = tuple(
    (word, re.compile(pattern, re.IGNORECASE))
    for word, pattern in (
        ("/users/", r"(/users/(?:username|number|email|did)/)[^/\s\"'?]+"),
        ("@", r"(?<![\w.+-])([\w.+-])[\w.+-]*(?=@[\w-]+\.\w)"),
        ("%40", r"(?<![\w.+-])([\w.+-])[\w.+-]*(?=%40[\w-]+\.\w)"),
    )
)
_NUMBER = re.compile(r"(\+|%2B)((?:[ .()-]{0,2}\d){8,15})(?!\d)", re.IGNORECASE)


class Redactor:
    """Takes out of a text what may not be logged. Made once, for the secrets that this process knows."""

    def __init__(self, secrets: Iterable[str] = ()) -> None:
        forms = {form for secret in secrets for form in _forms(secret) if len(form) >= SHORTEST_SECRET}
        longest_first = sorted(forms, key=len, reverse=True)  # a secret may be the beginning of another
        self._values = re.compile("|".join(map(re.escape, longest_first))) if forms else None

    def __call__(self, text: str) -> str:
        """Return `text` without secrets, and with only the ends of numbers and addresses."""
        if self._values is not None:
            text = self._values.sub(REDACTED, text)
        lowered = text.lower()
        for word, pattern in _SHAPES:
            if word in lowered:
                text = pattern.sub(rf"\1{REDACTED}", text)
        for word, pattern in _PEOPLE:
            if word in lowered:
                text = pattern.sub(r"\1…", text)
        return _NUMBER.sub(_mask_number, text)


def _forms(secret: str) -> set[str]:
    """Return `secret` as it may stand in a log: as given, without blanks, and the way JSON, repr and URLs write it."""
    return {
        form
        for plain in (secret, secret.strip(), "".join(secret.split()))
        for form in (
            plain,
            json.dumps(plain)[1:-1],
            json.dumps(plain, ensure_ascii=False)[1:-1],
            repr(plain)[1:-1],
            quote(plain, safe=""),
            quote_plus(plain),
        )
    }


def _mask_number(found: re.Match[str]) -> str:
    """Return the first four and the last three digits: enough to compare two lines, too little to call."""
    digits = "".join(filter(str.isdigit, found[2]))
    return f"{found[1]}{digits[:4]}…{digits[-3:]}"
