"""Callwatch: call reports and outage notices of a voice platform, in Slack."""

__version__ = "0.1.0"
