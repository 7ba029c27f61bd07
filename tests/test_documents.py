"""What is written agrees with what is built: README, help, manifest, settings, requirements."""

from __future__ import annotations

import json
import re
import tomllib
from pathlib import Path

import click
import jsonschema
import pytest
import yaml
from click.testing import CliRunner
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from packaging.version import Version

from bot import cli
from bot.manifest import load_manifest
from bot.setting_table import SETTINGS, example_file, help_text, markdown_table

ROOT = Path(__file__).resolve().parent.parent
README = (ROOT / "README.md").read_text(encoding="utf-8")
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
MANIFEST = yaml.safe_load((ROOT / "manifest.yml").read_text(encoding="utf-8"))
COMMANDS = cli.callwatch.commands


class TestReadme:
    @pytest.mark.parametrize("line", ["python3 -m bot demo", "python3 -m bot test"])
    def test_shows_the_two_commands_of_a_fresh_checkout_on_lines_of_their_own(self, line: str) -> None:
        assert line in README.splitlines()

    @pytest.mark.parametrize("name", COMMANDS)
    def test_names_every_command_of_the_terminal(self, name: str) -> None:
        assert re.search(rf"(callwatch|python3? -m bot) {name}\b", README)

    @pytest.mark.parametrize(
        ("name", "option"),
        [
            (name, option)
            for name, command in COMMANDS.items()
            for parameter in command.params
            if isinstance(parameter, click.Option)
            for option in parameter.opts
        ],
    )
    def test_names_every_option(self, name: str, option: str) -> None:
        assert re.search(rf"{option}\b", README)

    def test_holds_the_table_of_settings(self) -> None:
        between = README.partition("<!-- settings -->\n")[2].partition("<!-- /settings -->")[0]

        assert between.strip() == markdown_table().strip()

    @pytest.mark.parametrize("command", [entry["command"] for entry in MANIFEST["features"]["slash_commands"]])
    def test_names_every_slash_command(self, command: str) -> None:
        assert f"`{command} " in README

    def test_explains_every_scope_and_no_other(self) -> None:
        rows = README.partition("| scope | why |\n|---|---|\n")[2].partition("\n\n")[0].splitlines()
        explained = [scope for row in rows for scope in re.findall(r"`([a-z_:.]+)`", row.split("|")[1])]

        assert sorted(explained) == sorted(MANIFEST["oauth_config"]["scopes"]["bot"])


class TestHelp:
    @pytest.mark.parametrize(
        "name", [(), *((name,) for name in COMMANDS)], ids=lambda name: " ".join(name) or "callwatch"
    )
    def test_is_there_for_every_command_and_says_what_it_does(self, name: tuple[str, ...]) -> None:
        shown = CliRunner().invoke(cli.callwatch, [*name, "--help"])

        assert shown.exit_code == 0
        assert re.search(r"Usage: .+\n\n  [A-Z][^.]+\.", shown.output)

    def test_of_the_settings_has_a_line_for_each(self) -> None:
        assert [line.split()[0] for line in help_text().splitlines()[::2]] == [setting.name for setting in SETTINGS]


def test_the_example_of_env_is_made_from_the_settings() -> None:
    assert (ROOT / ".env.example").read_text(encoding="utf-8") == example_file()


class TestManifest:
    def test_is_valid_by_the_schema_of_slack(self) -> None:
        schema = json.loads((ROOT / "tests" / "manifest.schema.json").read_text(encoding="utf-8"))

        jsonschema.validate(MANIFEST, schema)

    def test_has_the_commands_that_the_bot_answers(self) -> None:
        assert sorted(load_manifest().commands.values()) == sorted(
            entry["command"] for entry in MANIFEST["features"]["slash_commands"]
        )

    def test_asks_for_texts_as_the_normaliser_expects_them(self) -> None:
        assert all(entry["should_escape"] for entry in MANIFEST["features"]["slash_commands"])


class TestRequirements:
    """What `python3 -m bot` and platforms install; pip itself refuses a hashed file that leaves a dependency out."""

    @staticmethod
    def pins(file: str) -> dict[str, Version]:
        """Return the exact versions that a requirements file names."""
        entries = (ROOT / file).read_text(encoding="utf-8").replace("\\\n", " ").splitlines()
        pins = {}
        for entry in filter(None, map(str.strip, entries)):
            requirement = Requirement(entry.partition(" --hash=")[0])
            (specifier,) = requirement.specifier
            assert specifier.operator == "==", entry
            pins[canonicalize_name(requirement.name)] = Version(specifier.version)
        return pins

    @pytest.mark.parametrize("file", ["requirements.txt", "requirements-test.txt"])
    def test_pin_everything_with_hashes_and_hold_nothing_else(self, file: str) -> None:
        text = (ROOT / file).read_text(encoding="utf-8").replace("\\\n", " ")

        for line in text.splitlines():
            assert re.fullmatch(r"[a-z0-9-]+==[\w.]+( ; [^-]+?)?( +--hash=sha256:[0-9a-f]{64})+", line), line

    @pytest.mark.parametrize(
        ("file", "wanted"),
        [
            *(("requirements.txt", wanted) for wanted in PROJECT["project"]["dependencies"]),
            *(("requirements-test.txt", wanted) for wanted in PROJECT["project"]["dependencies"]),
            *(("requirements-test.txt", wanted) for wanted in PROJECT["dependency-groups"]["test"]),
        ],
    )
    def test_satisfy_what_the_project_declares(self, file: str, wanted: str) -> None:
        requirement = Requirement(wanted)

        assert self.pins(file)[canonicalize_name(requirement.name)] in requirement.specifier

    def test_of_the_tests_hold_those_of_the_bot(self) -> None:
        assert self.pins("requirements.txt").items() <= self.pins("requirements-test.txt").items()

    def test_of_the_bot_hold_no_tool_of_the_tests(self) -> None:
        tools = {canonicalize_name(Requirement(wanted).name) for wanted in PROJECT["dependency-groups"]["test"]}

        assert self.pins("requirements.txt").keys() & tools == set()


def test_the_procfile_is_yaml_and_starts_the_bot_once() -> None:
    processes = yaml.safe_load((ROOT / "Procfile").read_text())

    assert processes == {"web": "python -m bot run"}
    assert "run" in COMMANDS


def test_the_python_of_platforms_is_one_that_the_project_takes() -> None:
    version = (ROOT / ".python-version").read_text().strip()

    assert PROJECT["project"]["requires-python"] == f">={version}"


def test_the_version_is_told_in_one_way() -> None:
    shown = CliRunner().invoke(cli.callwatch, ["version"])

    assert shown.output.strip() == PROJECT["project"]["version"]


def test_the_licence_is_the_one_that_is_declared() -> None:
    assert PROJECT["project"]["license"] == "MIT"
    assert (ROOT / "LICENSE").read_text().startswith("MIT License\n")
