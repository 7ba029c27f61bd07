"""A process that has imported everything and forks a bot for each order: a start costs 20 ms instead of 700.

Lines of JSON in: {"mode", "orders"}; lines of JSON out: {"started": pid} at once, {"ended": pid, "status"} later.
"""

from __future__ import annotations

import contextlib
import gc
import json
import os
import select
import signal
import sys
import traceback

from tests.crash.child import MODES, Orders


def main() -> None:
    reader, writer = os.pipe()
    os.set_blocking(writer, False)
    signal.set_wakeup_fd(writer)
    signal.signal(signal.SIGCHLD, lambda *_: None)
    # A child that is asked to end before it can hear hears it later.
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGTERM})
    gc.freeze()
    children: set[int] = set()
    pending = b""
    while True:
        ready, _, _ = select.select([0, reader], [], [])
        if reader in ready:
            os.read(reader, 4096)
            for pid in list(children):
                ended, status = os.waitpid(pid, os.WNOHANG)
                if ended:
                    children.discard(pid)
                    say({"ended": pid, "status": os.waitstatus_to_exitcode(status)})
        if 0 in ready:
            chunk = os.read(0, 65536)
            if not chunk:
                for pid in children:
                    os.kill(pid, signal.SIGKILL)
                return
            *lines, pending = (pending + chunk).split(b"\n")
            for line in lines:
                children.add(start(json.loads(line), (reader, writer)))


def start(order: dict, pipe: tuple[int, int]) -> int:
    pid = os.fork()
    if pid:
        say({"started": pid, "number": order["number"]})
        return pid
    signal.set_wakeup_fd(-1)
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    for end in (0, *pipe):
        os.close(end)
    log = os.open(order["log"], os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    os.dup2(log, 1)
    os.dup2(log, 2)
    status = 1
    with contextlib.suppress(SystemExit):
        try:
            MODES[order["mode"]](Orders(**order["orders"]))
            status = 0
        finally:
            if status:
                traceback.print_exc()
            sys.stdout.flush()
            sys.stderr.flush()
            os._exit(status)


def say(message: dict) -> None:
    os.write(1, json.dumps(message).encode() + b"\n")


if __name__ == "__main__":
    main()
