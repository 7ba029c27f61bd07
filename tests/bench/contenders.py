"""The processes that are measured, each on the first core; whoever asks them has the last."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from pathlib import Path

_ROOT = Path(__file__).resolve().parent.parent.parent
_STOP_S = 10.0
_KIB, _TICKS_PER_S = 1024, os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True, slots=True)
class Contender:
    """Something to start with this Python; `arguments` follow the interpreter's name."""

    name: str
    arguments: tuple[str, ...]


CALLWATCH = Contender("Callwatch", ("-m", "bot", "run"))
BOLT = Contender("bare Bolt", ("-m", "tests.bench.bare_bolt"))
PATH = Contender("bare Bolt + bare httpx", ("-m", "tests.bench.bare_path"))
HTTPX = Contender("bare httpx", ("-m", "tests.bench.bare_httpx"))
NOTHING = Contender("python -c pass", ("-c", "pass"))


@dataclass(frozen=True, slots=True)
class Process:
    """A contender that runs. Figures come from /proc."""

    popen: subprocess.Popen[str]
    started: float  # time.perf_counter(), before the process was made

    @property
    def memory_mib(self) -> float:
        """Its resident memory, MiB."""
        status = Path(f"/proc/{self.popen.pid}/status").read_text()
        kib = next(line for line in status.splitlines() if line.startswith("VmRSS:")).split()[1]
        return int(kib) / _KIB

    @property
    def cpu_s(self) -> float:
        """What it has used of a processor so far, user and system, all threads, seconds."""
        fields = Path(f"/proc/{self.popen.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / _TICKS_PER_S


@asynccontextmanager
async def running(contender: Contender, environment: Mapping[str, str], folder: Path) -> AsyncIterator[Process]:
    """Lend the contender's process, stopped by SIGTERM afterwards; raises when it does not end well.

    Its log goes to a file in `folder`, as it would on a server.
    """
    log_path = folder / "stderr.log"
    with log_path.open("w") as log, pinned(first=True):
        started = time.perf_counter()
        popen = subprocess.Popen(
            [sys.executable, *contender.arguments],
            cwd=_ROOT,
            env={**_inherited(), **environment},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=log,
            text=True,
            bufsize=1,
        )
    try:
        yield Process(popen, started)
    finally:
        popen.terminate()
        # In a thread, because a bot says goodbye to the socket that this process holds.
        await asyncio.to_thread(popen.communicate, timeout=_STOP_S)
        if popen.returncode not in (0, -15):
            raise AssertionError(f"{contender.name} ended with {popen.returncode}: {log_path.read_text()[-2000:]}")


def run_to_end(contender: Contender) -> float:
    """Run a contender that ends by itself; return how long it took, seconds."""
    with pinned(first=True):
        started = time.perf_counter()
        subprocess.run([sys.executable, *contender.arguments], cwd=_ROOT, env=_inherited(), check=True)
        return time.perf_counter() - started


@contextmanager
def pinned(*, first: bool) -> Iterator[None]:
    """Keep this process, and what it starts, on the first or the last core; where the system cannot, do nothing."""
    if not hasattr(os, "sched_setaffinity"):
        yield
        return
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {(min if first else max)(_cores)})
    try:
        yield
    finally:
        os.sched_setaffinity(0, before)


_cores = os.sched_getaffinity(0) if hasattr(os, "sched_getaffinity") else {0}


def _inherited() -> dict[str, str]:
    return {name: os.environ[name] for name in ("PATH", "HOME", "LANG", "TZ") if name in os.environ}
