"""`python -m bot` in a fresh checkout: a real virtual environment, real pip, and packages made here, not an index."""

from __future__ import annotations

import hashlib
import os
import shutil
import signal
import subprocess
import sys
import zipfile
from dataclasses import dataclass
from pathlib import Path

import pytest

import bot.__main__ as bootstrap

#: The Python that made the one we run in. `-S` hides whatever it has installed.
BARE_PYTHON = (sys._base_executable, "-S")
CLI = "import os, sys\n\n\ndef main():\n    print('cli', *sys.argv[1:], os.path.exists('.venv'))\n    sys.exit(7)\n"


@dataclass(frozen=True)
class Checkout:
    """A folder with our real bootstrap, another command line and requirements that are installed in no time."""

    root: Path
    wheels: Path

    def require(self, file: str, *requirements: str) -> None:
        (self.root / file).write_text("".join(f"{requirement}\n" for requirement in requirements))

    def wheel(self, name: str, version: str = "1", source: str = "") -> str:
        """Make a package of one module and return the line that requires it."""
        path = self.wheels / f"{name}-{version}-py3-none-any.whl"
        info = f"{name}-{version}.dist-info"
        with zipfile.ZipFile(path, "w") as wheel:
            wheel.writestr(f"{name}.py", source)
            wheel.writestr(f"{info}/METADATA", f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n")
            wheel.writestr(f"{info}/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n")
            wheel.writestr(f"{info}/RECORD", "")
        return f"{name}=={version} --hash=sha256:{hashlib.sha256(path.read_bytes()).hexdigest()}"

    def start(self, *arguments: str, before: str = "", **env: str) -> subprocess.Popen[str]:
        """Start `python -m bot` with a Python that has nothing installed, after running the code `before`."""
        run_bot = ("-c", f"{before}; import runpy; runpy.run_module('bot', run_name='__main__', alter_sys=True)")
        return subprocess.Popen(
            (*BARE_PYTHON, *(run_bot if before else ("-m", "bot")), *arguments),
            cwd=self.root,
            env={
                **{name: value for name, value in os.environ.items() if not name.startswith(("PIP_", "PYTHON"))},
                "PIP_CONFIG_FILE": os.devnull,
                "PIP_NO_INDEX": "1",
                "PIP_FIND_LINKS": str(self.wheels),
                **env,
            },
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )

    def run(self, *arguments: str, before: str = "", **env: str) -> tuple[int, str, str]:
        """Return exit code, stdout and stderr of `python -m bot`."""
        process = self.start(*arguments, before=before, **env)
        out, err = process.communicate(timeout=25)
        return process.returncode, out, err


def new_checkout(folder: Path) -> Checkout:
    checkout = Checkout(folder / "checkout", folder / "wheels")
    (checkout.root / "bot").mkdir(parents=True)
    checkout.wheels.mkdir()
    for name in ("__init__.py", "__main__.py"):
        shutil.copy(Path(bootstrap.__file__).with_name(name), checkout.root / "bot" / name)
    (checkout.root / "bot" / "cli.py").write_text(CLI)
    slack_bolt = checkout.wheel("slack_bolt")
    checkout.require("requirements.txt", slack_bolt)
    pytest_like = checkout.wheel("pytest", source="import sys\nprint('pytest', *sys.argv[1:])\nsys.exit(5)\n")
    checkout.require("requirements-test.txt", slack_bolt, pytest_like)
    return checkout


@pytest.fixture
def checkout(tmp_path: Path) -> Checkout:
    return new_checkout(tmp_path)


@pytest.fixture(scope="module")
def first_runs(tmp_path_factory: pytest.TempPathFactory) -> tuple[Checkout, list[tuple[int, str, str]]]:
    """What two runs said that were started at once in a checkout where an earlier one had been broken off."""
    checkout = new_checkout(tmp_path_factory.mktemp("bootstrap"))
    bin_folder = checkout.root / ".venv" / "bin"
    bin_folder.mkdir(parents=True)
    (bin_folder / "python").symlink_to("python-that-was-removed")
    processes = [checkout.start("demo", "--text") for _ in range(2)]
    said = [process.communicate(timeout=25) for process in processes]
    return checkout, [(process.returncode, *texts) for process, texts in zip(processes, said, strict=True)]


def test_two_first_runs_at_once_make_one_environment_and_both_go_on_in_it(first_runs) -> None:
    _, runs = first_runs

    assert [(code, out) for code, out, _ in runs] == [(7, "cli demo --text True\n")] * 2
    assert sorted("Installing requirements.txt" in err for _, _, err in runs) == [False, True]
    assert sorted("Making .venv" in err for _, _, err in runs) == [False, True]


def test_later_runs_install_nothing_and_tests_add_only_what_they_need(first_runs, monkeypatch) -> None:
    checkout, _ = first_runs

    assert checkout.run("demo") == (7, "cli demo True\n", "")

    code, out, err = checkout.run("test", "-x", "tests/a b")
    assert (code, out) == (5, "pytest -x tests/a b\n")
    assert "Installing requirements-test.txt" in err
    assert "Making .venv" not in err

    assert checkout.run("test") == (5, "pytest -n auto\n", "")
    assert checkout.run("demo") == (7, "cli demo True\n", "")  # what the tests need includes what the bot needs


def test_a_change_of_the_requirements_installs_again_and_a_failure_is_not_taken_for_done(first_runs) -> None:
    checkout, _ = first_runs
    slack_bolt = checkout.wheel("slack_bolt", "2")
    checkout.require("requirements.txt", slack_bolt.replace("sha256:", "sha256:0")[:-1])

    for _ in range(2):
        code, out, err = checkout.run("demo")
        assert (code, out) == (1, "")
        assert "DO NOT MATCH THE HASHES" in err
        assert "That failed; the lines above say why." in err

    checkout.require("requirements.txt", slack_bolt)
    code, out, err = checkout.run("demo")
    assert (code, out) == (7, "cli demo True\n")
    assert "Installing requirements.txt" in err


def test_an_interrupted_installation_is_quiet_and_begun_again_the_next_time(first_runs) -> None:
    checkout, _ = first_runs
    checkout.require("requirements.txt", checkout.wheel("slack_bolt", "3"))

    process = checkout.start("demo")
    assert process.stderr is not None
    assert "Installing" in process.stderr.readline()
    os.killpg(process.pid, signal.SIGINT)  # as a terminal does it: to pip as well
    _, err = process.communicate(timeout=25)

    assert process.returncode == 130
    assert "bot/__main__.py" not in err

    code, out, err = checkout.run("demo")
    assert (code, out) == (7, "cli demo True\n")
    assert "Installing requirements.txt" in err


def test_other_commands_install_nothing(checkout: Checkout) -> None:
    assert checkout.run("run", "--fast") == (7, "cli run --fast False\n", "")
    assert checkout.run() == (7, "cli False\n", "")


def test_installation_can_be_turned_off(checkout: Checkout) -> None:
    (checkout.root / "pytest.py").write_text("print('pytest that was there')\n")

    assert checkout.run("demo", CALLWATCH_NO_BOOTSTRAP="1") == (7, "cli demo False\n", "")
    assert checkout.run("test", CALLWATCH_NO_BOOTSTRAP="1") == (0, "pytest that was there\n", "")
    assert not (checkout.root / ".venv").exists()


def test_where_slack_is_installed_or_there_is_no_checkout_the_demo_just_starts(checkout: Checkout) -> None:
    (checkout.root / "slack_bolt.py").touch()
    assert checkout.run("demo") == (7, "cli demo False\n", "")

    (checkout.root / "slack_bolt.py").unlink()
    (checkout.root / "requirements.txt").unlink()
    assert checkout.run("demo") == (7, "cli demo False\n", "")


def test_what_is_not_installed_is_named_with_the_way_to_install_it(checkout: Checkout) -> None:
    (checkout.root / "bot" / "cli.py").write_text("import click_of_ours.inner\n")

    code, _, err = checkout.run("run")

    assert code == 1
    assert err.startswith("click_of_ours is not installed for ")
    assert "pip install --require-hashes -r requirements.txt" in err


def test_a_module_of_ours_that_is_missing_is_our_fault_and_shown_as_such(checkout: Checkout) -> None:
    (checkout.root / "bot" / "cli.py").write_text("from bot import nowhere\nimport bot.nowhere\n")

    _, _, err = checkout.run("run")

    assert "Traceback" in err


def test_without_the_means_to_make_an_environment_the_package_is_named(checkout: Checkout) -> None:
    code, _, err = checkout.run("demo", before="import sys; sys.modules['ensurepip'] = None")

    assert code == 1
    assert f"sudo apt install python{sys.version_info[0]}.{sys.version_info[1]}-venv" in err
    assert not (checkout.root / ".venv").exists()


def test_an_old_python_gets_a_sentence(checkout: Checkout) -> None:
    code, _, err = checkout.run("demo", before="import sys; sys.version_info = (3, 10, 1, 'final', 0)")

    assert (code, err) == (1, "Callwatch needs Python 3.11 or newer; this is Python 3.10.\n")
