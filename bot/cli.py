"""The command line: `callwatch`, also `python -m bot`. Data goes to stdout, everything else to stderr.

Exit codes: 0 done, 1 failed, 2 wrong or missing words, 78 wrong settings, 130 interrupted.
"""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import Collection, Coroutine, Sequence
from pathlib import Path
from typing import Any

import click

from bot import __version__
from bot.errors import CallwatchError
from bot.setting_table import help_text
from bot.settings import Need, Settings, SettingsError, read_environment, secret_values

CALL_COLUMNS = """\
The first line of a file of calls names its columns, in any order; others are ignored:
  type        username, number, email or did
  endpoint    whose call it is: abc123, +46730170101, ana@example.com
  domain      data or pstn
  start       2026-11-02T14:05:00Z
  duration_s  whole seconds
  result      success or failed
"""

EXIT_FAILED, EXIT_USAGE, EXIT_SETTINGS, EXIT_INTERRUPTED = 1, 2, 78, 130


@click.group(
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100}, epilog="\b\n" + help_text()
)
@click.version_option(__version__, prog_name="callwatch")
def callwatch() -> None:
    """Call reports and the state of the voice platform, in Slack and here."""


@callwatch.command(epilog="\b\n" + CALL_COLUMNS)
@click.option("--calls", "csv_path", type=click.Path(path_type=Path), help="Your own calls, from a CSV file.")
@click.option(
    "--port", type=click.IntRange(0, 65535), help="Where the page is: 8765 if that is free; 0 takes any free one."
)
@click.option("--no-browser", is_flag=True, help="Only print the page's address.")
@click.option("--text", is_flag=True, help="Talk to the bot in this terminal, without the page.")
@click.option("--script", type=click.File("r"), help="Read what is typed from a file instead, then leave.")
def demo(*, csv_path: Path | None, port: int | None, no_browser: bool, text: bool, script: Any) -> None:
    """Try the bot on this machine: sample calls, a local workspace, the real bot. Needs no accounts.

    It serves a page that works like Slack, and prints its address.
    """
    from bot.demo import serve_page, talk

    _hide_from_libraries()
    _configure_logs(Settings.from_env({}), "WARNING")
    if text or script:
        _run(talk(script.read().splitlines() if script else None, csv_path))
    else:
        _run(serve_page(port=port, csv_path=csv_path, opens_browser=not no_browser))


@callwatch.command()
def run() -> None:
    """Run the bot, against Slack."""
    from bot.running import run_until_stopped

    settings = _settings({Need.SLACK, Need.REPORTING}, is_logging=True)
    _hide_from_libraries()
    _run(run_until_stopped(settings))


@callwatch.command()
@click.option("--probe-days", metavar="USER", help="Ask one past day of USER whole and in halves: do the sums agree?")
@click.option("--json", "as_json", is_flag=True, help="Print the findings as JSON.")
def doctor(*, probe_days: str | None, as_json: bool) -> None:
    """Check settings, signing, the Reporting API, the clock, Slack's tokens and scopes, the database."""
    from bot.doctor import examine, print_findings

    environment = _environment()
    # Whatever is wrong is a finding; a library's warning beside it would only be noise.
    _configure_logs(Settings.from_env({}), "ERROR", secret_values(environment))
    findings = _run(examine(environment, probe_user=probe_days))
    is_healthy = print_findings(findings, as_json=as_json)
    sys.exit(0 if is_healthy else EXIT_FAILED)


class Asking(click.Command):
    """A command whose words are Slack's, so that `help` alone asks for its help."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Read the arguments, `help` as `--help`."""
        return super().parse_args(ctx, ["--help"] if args == ["help"] else args)


@callwatch.command(cls=Asking)
@click.argument("words", nargs=-1, metavar="[TYPE] ENDPOINT [data|pstn] [RANGE]")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
@click.option("--csv", "as_csv", is_flag=True, help="Print a row for each day (or hour), UTC.")
def calls(words: Sequence[str], *, as_json: bool, as_csv: bool) -> None:
    """Report how a user's calls went.

    The same words as in Slack: callwatch calls username abc123 last-7d
    """
    from bot.terminal import ask_calls

    if as_json and as_csv:
        raise click.UsageError("Take --json or --csv, not both.")
    form = "json" if as_json else "csv" if as_csv else "text"
    click.echo(_run(ask_calls(_settings({Need.REPORTING}), words, form=form)), nl=not as_csv)


@callwatch.command(cls=Asking)
@click.argument("words", nargs=-1, metavar="[ID]")
def counters(words: Sequence[str]) -> None:
    """Show a counter, or all that are set up."""
    from bot.terminal import ask_counters

    click.echo(_run(ask_counters(_settings({Need.REPORTING}), words)))


@callwatch.command(cls=Asking)
@click.argument("words", nargs=-1, metavar="ID")
def services(words: Sequence[str]) -> None:
    """Show whether a service of the platform is up."""
    from bot.terminal import ask_service

    click.echo(_run(ask_service(_settings({Need.REPORTING}), words)))


@callwatch.command("reporting-api")
@click.option("--port", type=click.IntRange(0, 65535), default=9000, show_default=True, help="0 takes a free one.")
@click.option("--calls", "csv_path", type=click.Path(path_type=Path), help="Load call records from a CSV file.")
def reporting_api(*, port: int, csv_path: Path | None) -> None:
    """Run the embedded Reporting API alone, on this machine only, with sample calls."""
    from bot.demo import serve_reporting_api

    _configure_logs(Settings.from_env({}), "WARNING")
    _run(serve_reporting_api(port, csv_path))


@callwatch.command()
def version() -> None:
    """Print the version."""
    click.echo(__version__)


def _environment() -> dict[str, str]:
    return read_environment(os.environ, Path.cwd())


def _hide_from_libraries() -> None:
    """Take Slack's variables out of the environment: Bolt reads it as well, and would find tokens and OAuth there."""
    for name in [name for name in os.environ if name.startswith("SLACK_")]:
        del os.environ[name]


def _settings(needs: Collection[Need], *, is_logging: bool = False) -> Settings:
    """Return the settings that a command asks for, with logging set up: a terminal wants warnings only."""
    environment = _environment()
    settings = Settings.from_env(environment, needs)
    level = settings.log_level if is_logging or settings.log_level == "DEBUG" else "ERROR"
    _configure_logs(settings, level, secret_values(environment))
    for warning in settings.warnings:
        click.echo(warning, err=True)
    return settings


def _configure_logs(settings: Settings, level: str, secrets: Sequence[str] = ()) -> None:
    from bot.logs import configure

    configure(level, settings.log_format, secrets, sys.stderr)


def _run(work: Coroutine[object, object, Any]) -> Any:
    return asyncio.run(work)


def _usage(argv: Sequence[str]) -> str:
    """Return the line that says how the command in `argv` is used."""
    command = next((callwatch.commands[word] for word in argv if word in callwatch.commands), callwatch)
    name = "callwatch" if command is callwatch else f"callwatch {command.name}"
    return command.get_usage(click.Context(command, info_name=name))


def main(argv: Sequence[str] | None = None) -> None:
    """Run the command line; every error that people can mend is one sentence on stderr."""
    try:
        callwatch.main(args=argv, prog_name="callwatch", standalone_mode=False)
    except click.ClickException as error:
        error.show()
        sys.exit(error.exit_code)
    except SettingsError as error:
        click.echo(str(error), err=True)
        sys.exit(EXIT_SETTINGS)
    except CallwatchError as error:
        if error.exit_code == EXIT_USAGE:
            click.echo(_usage(sys.argv[1:] if argv is None else argv), err=True)
        click.echo(str(error), err=True)
        if error.suggestion:
            click.echo(f"Try: {error.suggestion}", err=True)
        sys.exit(error.exit_code)
    except (KeyboardInterrupt, click.Abort):
        sys.exit(EXIT_INTERRUPTED)
