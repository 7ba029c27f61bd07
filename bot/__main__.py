"""`python -m bot`: hand over to the command line, after making .venv for `demo` and `test` in a fresh checkout.

Standard library only, and nothing that Python 3.6 cannot read: an old Python gets a sentence and no SyntaxError.
`demo` installs only where Slack's library is missing, `test` always uses our .venv, and no other command installs.
"""

import hashlib
import importlib.util
import os
import subprocess
import sys
from pathlib import Path
from typing import IO

if sys.platform != "win32":
    import fcntl

ROOT = Path(__file__).resolve().parent.parent
VENV = ROOT / ".venv"
PYTHON = VENV / ("Scripts/python.exe" if sys.platform == "win32" else "bin/python")
STAMP = VENV / "callwatch-requirements"
RUNTIME, TEST = ROOT / "requirements.txt", ROOT / "requirements-test.txt"  # the second holds all of the first
NO_BOOTSTRAP = "CALLWATCH_NO_BOOTSTRAP"


def main() -> None:
    """Run the command in `sys.argv`; its exit code becomes ours, 130 after Ctrl-C."""
    if sys.version_info < (3, 11):
        sys.exit("Callwatch needs Python 3.11 or newer; this is Python {}.{}.".format(*sys.version_info))
    command = sys.argv[1] if len(sys.argv) > 1 else ""
    is_checkout = RUNTIME.is_file() and TEST.is_file()
    may_install = is_checkout and os.environ.get(NO_BOOTSTRAP, "").lower() in {"", "0", "false", "no", "off"}
    try:
        if command == "test":
            python = prepare(TEST) if may_install else sys.executable
            become(python, "-m", "pytest", *(sys.argv[2:] or ("-n", "auto")))  # all of them: on every core
        if command == "demo" and may_install and importlib.util.find_spec("slack_bolt") is None:
            python = prepare(RUNTIME)
            os.environ[NO_BOOTSTRAP] = "1"  # whatever is wrong with .venv, it is not made twice
            become(python, "-m", "bot", *sys.argv[1:])
        run_command()
    except KeyboardInterrupt:
        sys.exit(130)


def run_command() -> None:
    """Hand over to the command line proper; exit with a sentence when what it needs is not installed here."""
    try:
        from bot import cli
    except ModuleNotFoundError as error:
        if str(error.name).partition(".")[0] in {"bot", "handlers", "storage"}:
            raise
        install = f"python3 -m pip install --require-hashes -r {RUNTIME.name}"
        sys.exit(f"{error.name} is not installed for {sys.executable}.\nIn a virtual environment: {install}")
    cli.main()


def prepare(requirements: Path) -> str:
    """Return the Python of .venv, in which `requirements` are installed; the work is done once per state of the files.

    The stamp is removed before anything changes and written after everything is done, so an interrupted installation is
    begun again. A second process waits for the first and then finds the stamp.
    """
    digest = hashlib.sha256(RUNTIME.read_bytes() + TEST.read_bytes()).hexdigest()
    stamps = {f"{digest} {TEST.name}", f"{digest} {requirements.name}"}
    with open_lock() as lock:
        if sys.platform != "win32":
            fcntl.flock(lock, fcntl.LOCK_EX)
        if PYTHON.exists() and STAMP.exists() and STAMP.read_text() in stamps:
            return str(PYTHON)
        STAMP.unlink(missing_ok=True)
        if run(str(PYTHON), "-c", "import sys, pip; sys.exit(sys.version_info < (3, 11))") != 0:
            make_venv()
        say(f"Installing {requirements.name} into {VENV.name} (once, under a minute) …")
        pip = (str(PYTHON), "-m", "pip", "install", "--quiet", "--no-user", "--disable-pip-version-check")
        if run(*pip, "--require-hashes", "-r", str(requirements), shown=True) != 0:
            sys.exit(
                "That failed; the lines above say why. It needs a package index, so usually the network. Try again."
            )
        STAMP.write_text(f"{digest} {requirements.name}")
    return str(PYTHON)


def open_lock() -> IO[str]:
    """Return the file that one process at a time locks; the system frees it, however that process ends."""
    try:
        return (ROOT / ".venv.lock").open("w")
    except OSError as error:
        sys.exit(f"Cannot write in {ROOT} ({error.strerror}). Make {VENV.name} elsewhere, then set {NO_BOOTSTRAP}=1.")


def make_venv() -> None:
    """Make .venv anew, or exit with the package to install where Debian and its kin have left out what it takes."""
    say(f"Making {VENV.name} with {sys.executable} …")
    command = (sys.executable, "-m", "venv", "--clear", str(VENV))
    if importlib.util.find_spec("ensurepip") is None or run(*command, shown=True) != 0:
        package = "python{}.{}-venv".format(*sys.version_info)
        sys.exit(
            f"Could not make {VENV.name}. On Debian and Ubuntu first: sudo apt install {package}\n"
            f"Or with uv: uv run --no-project --with-requirements {RUNTIME.name} python -m bot demo"
        )


def run(*command: str, shown: bool = False) -> int:
    """Return the exit code of `command`, 127 when it cannot be started; its output goes to stderr, or nowhere."""
    output = sys.stderr if shown else subprocess.DEVNULL
    try:
        return subprocess.run(command, stdin=subprocess.DEVNULL, stdout=output, stderr=output, check=False).returncode
    except OSError:
        return 127


def become(*command: str) -> None:
    """Go on as another program, whose exit code and signals are then ours; does not return."""
    if sys.platform == "win32":  # its exec starts a second process and returns to the shell
        sys.exit(subprocess.call(command))
    os.execv(command[0], command)


def say(sentence: str) -> None:
    """Tell the person what is being done; stdout is for data."""
    sys.stderr.write(sentence + "\n")
    sys.stderr.flush()


if __name__ == "__main__":
    main()
