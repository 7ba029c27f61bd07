"""Errors that speak to people, and what Slack's refusals mean.

CallwatchError              `str()` is a sentence for people that says what to do
├── (bot.reporting.errors)  the Reporting API's tree
├── (storage.errors)        the database's tree
├── (handlers)              UsageError: what was typed; NotAllowed: who typed it
└── SlackError              Slack did not take it; `code` is Slack's own error name
    ├── SlackRefused        it never will: the same call again gets the same answer
    │   ├── ChannelRefused  not in this channel: archived, gone, left
    │   ├── BotRefused      not from this bot: token, scope, account
    │   ├── MessageRefused  not this message: blocks, length
    │   └── MessageGone     the message or thread it is about is not there any more
    └── SlackUnavailable    it may later
"""

from __future__ import annotations

import logging
from typing import ClassVar


class CallwatchError(Exception):
    """The root. `suggestion` is a command that works instead, "" when there is none.

    `log_level` is how loudly it is logged; from WARNING on, people get a reference that stands in the log too.
    """

    log_level: ClassVar[int] = logging.WARNING
    exit_code: ClassVar[int] = 1  # of a command that ends with it
    suggestion: str = ""


class SlackError(CallwatchError):
    """`code` is Slack's error name, or a word of ours for what broke before Slack answered; `call` is the method."""

    def __init__(self, code: str, call: str) -> None:
        super().__init__(f"Slack did not take that ({code} at {call}). Try again in a minute.")
        self.code = code
        self.call = call


class SlackRefused(SlackError):
    """Slack will not do this however often it is asked."""


class ChannelRefused(SlackRefused):
    """Slack takes nothing in this channel until somebody there lets it: invites the bot, unarchives it."""


class BotRefused(SlackRefused):
    """Slack takes nothing from this bot until its operator mends token, scopes or account."""


class MessageRefused(SlackRefused):
    """Slack takes no message that looks like this."""


class MessageGone(SlackRefused):
    """What was to be changed or replied to has been deleted, or takes no replies."""


class SlackUnavailable(SlackError):
    """Slack could not do this now.

    `is_ambiguous` tells that it may have been done all the same; `retry_after_s` is Slack's wish, seconds.
    """

    def __init__(self, code: str, call: str, *, retry_after_s: float | None = None, is_ambiguous: bool) -> None:
        super().__init__(code, call)
        self.retry_after_s = retry_after_s
        self.is_ambiguous = is_ambiguous
