"""Opening a file: what is accepted, what is refused and with which sentence, and the schema after kills and races."""

import contextlib
import os
import shutil
import signal
import sqlite3
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from storage import errors
from storage.errors import StorageBusyError, StorageDamagedError, StorageError, StorageFullError, StorageUnusableError
from storage.migrations import STEPS
from storage.opening import APPLICATION_ID, DatabaseFacts, connect, inspect, open_connection, prepare

REPOSITORY = Path(__file__).parents[2]


def make(path: Path, rows: int = 0) -> None:
    with contextlib.closing(open_connection(path, busy_timeout_s=1)) as db:
        db.conn.executemany("INSERT INTO seen VALUES (?, 1)", [(f"{row:0200}",) for row in range(rows)])


def raw(path: Path, *statements: str) -> None:
    with contextlib.closing(sqlite3.connect(path, isolation_level=None)) as connection:
        for statement in statements:
            connection.execute(statement)


def not_a_database(path: Path) -> None:
    path.write_text("Dear diary, " * 1000)


def cut_short(path: Path) -> None:
    make(path, rows=500)
    with path.open("r+b") as file:
        file.truncate(path.stat().st_size // 2)


def page_overwritten(path: Path) -> None:
    make(path, rows=500)
    with path.open("r+b") as file:
        file.seek(path.stat().st_size - 4096 * 3)
        file.write(b"\xff" * 4096)


def header_zeroed(path: Path) -> None:
    make(path)
    with path.open("r+b") as file:
        file.write(b"\0" * 100)


def emptied_beside_its_log(path: Path) -> None:
    path.touch()
    path.with_name(path.name + "-wal").write_bytes(b"x" * 5000)


def other_program(path: Path) -> None:
    raw(path, "CREATE TABLE contacts (name TEXT)")


def other_mark(path: Path) -> None:
    raw(path, "PRAGMA application_id = 7")


def newer(path: Path) -> None:
    make(path)
    raw(
        path,
        "INSERT INTO _sqlite_migrations (migration_set, name, applied_at) VALUES ('callwatch', 'hover_boards', '2031')",
    )


def directory(path: Path) -> None:
    path.mkdir()


def directory_missing(path: Path) -> None:
    path.parent.rmdir()


REFUSALS = [
    pytest.param(not_a_database, StorageUnusableError, "is not a SQLite database: name another file", id="text file"),
    pytest.param(header_zeroed, StorageUnusableError, "is not a SQLite database", id="header zeroed"),
    pytest.param(cut_short, StorageDamagedError, "restore a backup", id="cut short"),
    pytest.param(page_overwritten, StorageDamagedError, "restore a backup", id="page overwritten"),
    pytest.param(emptied_beside_its_log, StorageDamagedError, "it is empty, yet has a write-ahead log", id="emptied"),
    pytest.param(other_program, StorageUnusableError, "database of another program", id="other program, no mark"),
    pytest.param(other_mark, StorageUnusableError, "database of another program", id="other program's mark"),
    pytest.param(newer, StorageUnusableError, "newer Callwatch (it has the step 'hover_boards')", id="newer schema"),
    pytest.param(directory, StorageUnusableError, "is a directory: name a file", id="directory"),
    pytest.param(directory_missing, StorageUnusableError, "does not exist: create it", id="directory missing"),
]


@pytest.mark.parametrize(("spoil", "kind", "sentence"), REFUSALS)
def test_a_file_that_cannot_be_used_is_left_alone_and_told_with_the_remedy(
    tmp_path: Path, spoil: Callable[[Path], None], kind: type[StorageError], sentence: str
):
    folder = tmp_path / "data"
    folder.mkdir()
    path = folder / "callwatch.db"
    spoil(path)
    before = path.read_bytes() if path.is_file() else None
    with pytest.raises(kind) as caught:
        open_connection(path, busy_timeout_s=0.1)
    assert sentence in str(caught.value)
    assert str(folder) in str(caught.value)
    assert (path.read_bytes() if path.is_file() else None) == before


@pytest.mark.parametrize(
    ("spoil", "kind", "sentence"), [case for case in REFUSALS if case.id not in ("directory", "directory missing")]
)
def test_an_inspection_refuses_the_same_files(
    path: Path, spoil: Callable[[Path], None], kind: type[StorageError], sentence: str
):
    spoil(path)
    with pytest.raises(kind) as caught:
        inspect(path)
    assert sentence in str(caught.value)


@pytest.fixture
def guarded(monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A folder whose permissions count: root is nobody while the test runs, because permissions do not stop root."""
    folder = Path(tempfile.mkdtemp())
    is_root = os.geteuid() == 0
    if is_root:
        os.chown(folder, 65534, 65534)
        os.setresuid(65534, 65534, 0)
    try:
        yield folder
    finally:
        if is_root:
            os.setresuid(0, 0, 0)
        folder.chmod(0o700)
        shutil.rmtree(folder)


def read_only_folder(path: Path) -> None:
    path.parent.chmod(0o500)


def read_only_folder_with_file(path: Path) -> None:
    make(path)
    path.parent.chmod(0o500)


def read_only_file(path: Path) -> None:
    make(path)
    path.chmod(0o400)


def closed_folder(path: Path) -> None:
    make(path)
    path.parent.chmod(0)


def unreadable_file(path: Path) -> None:
    make(path)
    path.chmod(0)


FOLDER_IS_READ_ONLY = "The directory {folder} is read-only for this user"
FILE_IS_GUARDED = "may not be read and written by this user"


@pytest.mark.parametrize(
    ("guard", "sentence"),
    [
        pytest.param(read_only_folder, FOLDER_IS_READ_ONLY, id="folder"),
        pytest.param(read_only_folder_with_file, FOLDER_IS_READ_ONLY, id="folder with file"),
        pytest.param(closed_folder, "cannot be reached (Permission denied)", id="closed folder"),
        pytest.param(read_only_file, FILE_IS_GUARDED, id="file"),
        pytest.param(unreadable_file, FILE_IS_GUARDED, id="unreadable file"),
    ],
)
def test_missing_permissions_are_told_by_name(guarded: Path, guard: Callable[[Path], None], sentence: str):
    path = guarded / "callwatch.db"
    guard(path)
    with pytest.raises(StorageUnusableError) as caught:
        open_connection(path, busy_timeout_s=0.1)
    assert sentence.format(folder=guarded) in str(caught.value)


def test_an_inspection_tells_that_a_new_file_could_not_be_made(guarded: Path):
    guarded.chmod(0o500)
    with pytest.raises(StorageUnusableError, match="read-only for this user"):
        inspect(guarded / "callwatch.db")
    with pytest.raises(StorageUnusableError, match="does not exist"):
        inspect(guarded / "nowhere" / "callwatch.db")


def test_a_lock_held_by_another_process_is_told(path: Path):
    with contextlib.closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("BEGIN EXCLUSIVE")
        with pytest.raises(StorageBusyError, match="Another process holds the lock"):
            open_connection(path, busy_timeout_s=0.1)


def test_a_database_that_is_up_to_date_opens_beside_one_that_writes(path: Path):
    make(path)
    with contextlib.closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        open_connection(path, busy_timeout_s=0.1).close()


@pytest.mark.parametrize(
    ("name", "code", "kind"),
    [
        ("SQLITE_FULL", 13, StorageFullError),
        ("SQLITE_IOERR_SHMSIZE", 4874, StorageFullError),
        ("SQLITE_IOERR_READ", 266, StorageUnusableError),
        (None, None, StorageUnusableError),
    ],
)
def test_disk_errors_at_the_start_are_sorted_by_their_code(
    path: Path, name: str | None, code: int | None, kind: type[StorageError]
):
    error = sqlite3.OperationalError("disk")
    if code is not None:
        error.sqlite_errorcode, error.sqlite_errorname = code, name
    assert type(errors.opening_error(error, path)) is kind


@pytest.mark.parametrize(
    ("code", "kind"),
    [
        (sqlite3.SQLITE_FULL, StorageFullError),
        (sqlite3.SQLITE_BUSY_SNAPSHOT, StorageBusyError),
        (sqlite3.SQLITE_CORRUPT_INDEX, StorageDamagedError),
        (sqlite3.SQLITE_IOERR_FSYNC, errors.StorageUncertainError),
        (sqlite3.SQLITE_CONSTRAINT_CHECK, StorageError),
        (None, StorageError),
    ],
)
def test_errors_at_work_are_sorted_by_their_code_and_name_no_file(code: int | None, kind: type[StorageError]):
    error = sqlite3.OperationalError("UNIQUE constraint failed: audit.endpoint")
    if code is not None:
        error.sqlite_errorcode = code
    told = errors.work_error(error)
    assert type(told) is kind
    assert "audit" not in str(told)


@pytest.mark.parametrize("name", ["callwatch.db", "a b?mode=memory#x%41.db", "ü.db"])
def test_a_new_file_is_made_where_it_was_asked_for(tmp_path: Path, name: str):
    make(tmp_path / name)
    assert [file.name for file in tmp_path.iterdir()] == [name]


def test_an_empty_file_is_a_new_database(path: Path):
    path.touch()
    make(path)
    assert inspect(path) is not None


def test_an_inspection_says_what_is_there_and_changes_nothing(path: Path):
    assert inspect(path) is None
    assert not path.exists()
    make(path)
    before = path.read_bytes()
    assert inspect(path) == DatabaseFacts(size_bytes=len(before), journal_mode="wal", pending=())
    assert path.read_bytes() == before


def test_an_inspection_works_beside_a_running_bot_that_holds_the_lock(path: Path):
    with contextlib.closing(open_connection(path, busy_timeout_s=1)) as db:
        db.execute("BEGIN IMMEDIATE")
        assert inspect(path) is not None


def test_an_inspection_names_the_steps_that_are_pending(path: Path):
    raw(path, f"PRAGMA application_id = {APPLICATION_ID}", "PRAGMA user_version = 0")
    facts = inspect(path)
    assert facts is not None
    assert facts.pending == tuple(step.__name__ for step in STEPS)


OPEN_AND_LIST = """
import sys
from pathlib import Path
from storage.opening import open_connection

sys.stdin.readline()
db = open_connection(Path(sys.argv[1]), busy_timeout_s=5)
print([row["name"] for row in db.query("SELECT name FROM _sqlite_migrations ORDER BY id")])
db.close()
"""


def test_three_processes_that_start_at_once_migrate_once(path: Path):
    processes = [
        subprocess.Popen(
            [sys.executable, "-c", OPEN_AND_LIST, str(path)],
            cwd=REPOSITORY,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        for _ in range(3)
    ]
    for process in processes:
        assert process.stdin is not None
        process.stdin.write("go\n")
        process.stdin.flush()
    told = [process.communicate(timeout=20)[0].strip() for process in processes]
    assert told == [str([step.__name__ for step in STEPS])] * 3
    assert [process.returncode for process in processes] == [0] * 3


def start_and_die_at(path: Path, statement: int) -> bool:
    """Open `path` in a forked process that kills itself before its n-th statement; False when it lived to the end."""
    child = os.fork()
    if child == 0:
        try:
            countdown = iter(range(statement))
            db = connect(path, busy_timeout_s=1)
            db.conn.set_trace_callback(lambda _: next(countdown, None) is None and os.kill(os.getpid(), signal.SIGKILL))
            prepare(db, path, busy_timeout_s=1)
        finally:
            os._exit(0)
    _, status = os.waitpid(child, 0)
    return os.WIFSIGNALED(status)


def test_a_kill_before_any_statement_of_a_migration_is_mended_by_the_next_start(tmp_path: Path):
    statement = 0
    while start_and_die_at(path := tmp_path / f"{statement}.db", statement):
        facts = inspect(path)
        steps = tuple(step.__name__ for step in STEPS)
        assert facts is None or facts.pending in (steps, ()), "the schema is the old one or the new one"
        make(path, rows=1)
        assert inspect(path).pending == ()
        statement += 1
    assert statement > 10
