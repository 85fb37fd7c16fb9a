"""The simulated cloud's memory: one SQLite file, shared by every process that opens it.

Objects, the names they hold, what refers to what, faults that wait to strike, and a history of operations. Each public
method is one transaction, so a killed process leaves a consistent world. Refusals are exceptions with the text a cloud
would give. This module must not know any package.
"""

from __future__ import annotations

import contextlib
import json
import sqlite3
import threading
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Final, Self

from kops_pulumi.rehearsal.faults import Fault, FaultKind, Operation
from kops_pulumi.rehearsal.kinds import OnDelete

_SCHEMA: Final = """
CREATE TABLE IF NOT EXISTS objects (
    serial INTEGER PRIMARY KEY AUTOINCREMENT, type TEXT NOT NULL, id TEXT NOT NULL, name TEXT NOT NULL,
    inputs TEXT NOT NULL, outputs TEXT NOT NULL, updates INTEGER NOT NULL DEFAULT 0, adopted INTEGER NOT NULL DEFAULT 0,
    UNIQUE (type, id));
CREATE TABLE IF NOT EXISTS handles (
    value TEXT NOT NULL, type TEXT NOT NULL, serial INTEGER NOT NULL REFERENCES objects ON DELETE CASCADE);
CREATE INDEX IF NOT EXISTS handles_by_value ON handles (value, type);
CREATE INDEX IF NOT EXISTS handles_by_serial ON handles (serial);
CREATE TABLE IF NOT EXISTS claims (
    type TEXT NOT NULL, claim TEXT NOT NULL, serial INTEGER NOT NULL REFERENCES objects ON DELETE CASCADE,
    PRIMARY KEY (type, claim));
CREATE INDEX IF NOT EXISTS claims_by_serial ON claims (serial);
CREATE TABLE IF NOT EXISTS refs (
    source INTEGER NOT NULL REFERENCES objects ON DELETE CASCADE, path TEXT NOT NULL,
    target INTEGER NOT NULL REFERENCES objects ON DELETE CASCADE, on_delete TEXT NOT NULL);
CREATE INDEX IF NOT EXISTS refs_by_target ON refs (target);
CREATE INDEX IF NOT EXISTS refs_by_source ON refs (source);
CREATE TABLE IF NOT EXISTS faults (
    fault INTEGER PRIMARY KEY AUTOINCREMENT, data TEXT NOT NULL, remaining INTEGER NOT NULL);
CREATE TABLE IF NOT EXISTS machines (
    id TEXT PRIMARY KEY, owner INTEGER NOT NULL REFERENCES objects ON DELETE CASCADE, data TEXT NOT NULL);
CREATE INDEX IF NOT EXISTS machines_by_owner ON machines (owner);
CREATE TABLE IF NOT EXISTS notes (key TEXT PRIMARY KEY, value TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS births (urn TEXT PRIMARY KEY, number INTEGER NOT NULL);
CREATE TABLE IF NOT EXISTS history (
    step INTEGER PRIMARY KEY AUTOINCREMENT, operation TEXT NOT NULL, type TEXT NOT NULL, id TEXT NOT NULL);
"""


class CloudError(Exception):
    """The simulated cloud refuses; `code` is the error code a cloud would use."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(f"{code}: {message}")
        self.code = code


@dataclass(frozen=True, slots=True)
class Record:
    """One object of the simulated cloud."""

    type: str
    id: str
    name: str
    """The logical name it was created under."""
    inputs: Mapping[str, Any]
    outputs: Mapping[str, Any]
    updates: int = 0
    adopted: bool = False
    """It was there before: seeded, not created by a stack."""
    serial: int = 0


@dataclass(frozen=True, slots=True)
class Link:
    """One reference that a new or changed object makes."""

    path: str
    value: str
    kinds: tuple[str, ...]
    on_delete: OnDelete


@dataclass(frozen=True, slots=True)
class Ties:
    """How an object is bound to others: what identifies it, the name it holds, what it refers to."""

    handles: tuple[str, ...] = ()
    claim: str | None = None
    links: tuple[Link, ...] = field(default=())


class Store:
    """A world's memory. Safe for threads and processes; use it as a context manager, or call `close`."""

    def __init__(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch(mode=0o600)
        self.path = path
        self._lock = threading.RLock()
        self._db = sqlite3.connect(path, timeout=30, isolation_level=None, check_same_thread=False)
        # A power cut may lose the last steps of a simulation; a killed process may not, and does not with OFF.
        for pragma in ("journal_mode=WAL", "synchronous=OFF", "foreign_keys=ON"):
            self._db.execute(f"PRAGMA {pragma}")
        self._db.executescript(_SCHEMA)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the file; the store is unusable afterwards."""
        with self._lock:
            self._db.close()

    @contextlib.contextmanager
    def _transaction(self) -> Iterator[sqlite3.Connection]:
        with self._lock:
            self._db.execute("BEGIN IMMEDIATE")
            try:
                yield self._db
            except BaseException:
                self._db.execute("ROLLBACK")
                raise
            self._db.execute("COMMIT")

    # -- reading

    def objects(self, type: str | None = None, *, adopted: bool | None = None) -> list[Record]:  # noqa: A002 - the word
        """What exists, oldest first; of one type, or only adopted (or only created) objects."""
        found = self._select("(?1 IS NULL OR type = ?1) AND (?2 IS NULL OR adopted = ?2)", type, adopted)
        return list(found)

    def get(self, type_: str, id_: str) -> Record | None:
        """The object of that type and id."""
        return next(self._select("type = ?1 AND id = ?2", type_, id_), None)

    def resolve(self, value: str, kinds: Iterable[str]) -> Record | None:
        """The object of one of these kinds that has this id, ARN or name."""
        kinds = tuple(kinds)
        marks = ",".join("?" * len(kinds))
        where = f"serial IN (SELECT serial FROM handles WHERE value = ? AND type IN ({marks}))"  # noqa: S608 - marks only
        return next(self._select(where, value, *kinds), None)

    def history(self) -> list[tuple[str, str, str]]:
        """(operation, type, id) of everything that was done, in order."""
        with self._lock:
            return self._db.execute("SELECT operation, type, id FROM history ORDER BY step").fetchall()

    def birth(self, urn: str) -> str:
        """A seed for the next object under this URN: the same in every world, different at each creation."""
        with self._transaction() as db:
            statement = (
                "INSERT INTO births VALUES (?, 1) ON CONFLICT (urn) DO UPDATE SET number = number + 1 RETURNING number"
            )
            ((number,),) = db.execute(statement, (urn,)).fetchall()
        return f"{urn}|{number}"

    def _select(self, where: str, *values: Any) -> Iterator[Record]:
        query = f"SELECT type, id, name, inputs, outputs, updates, adopted, serial FROM objects WHERE {where} ORDER BY serial"  # noqa: S608, E501
        with self._lock:
            rows = self._db.execute(query, values).fetchall()
        for type_, id_, name, inputs, outputs, updates, adopted, serial in rows:
            yield Record(type_, id_, name, json.loads(inputs), json.loads(outputs), updates, bool(adopted), serial)

    # -- changing

    def create(self, record: Record, ties: Ties) -> None:
        """Add an object; refused when its name is taken or something it refers to does not exist."""
        with self._transaction() as db:
            statement = "INSERT INTO objects (type, id, name, inputs, outputs, adopted) VALUES (?, ?, ?, ?, ?, ?)"
            row = (record.type, record.id, record.name, _dump(record.inputs), _dump(record.outputs), record.adopted)
            try:
                serial = db.execute(statement, row).lastrowid
            except sqlite3.IntegrityError:
                raise CloudError("EntityAlreadyExists", f"{_kind(record.type)} {record.id} already exists") from None
            self._tie(db, serial or 0, record.type, record.id, ties)
            self._note(db, Operation.CREATE, record.type, record.id)

    def update(self, record: Record, ties: Ties) -> None:
        """Change an object's inputs and outputs; refused as `create`, or when it is gone."""
        with self._transaction() as db:
            statement = (
                "UPDATE objects SET inputs = ?, outputs = ?, updates = updates + 1 WHERE type = ? AND id = ? "
                "RETURNING serial"
            )
            rows = db.execute(
                statement, (_dump(record.inputs), _dump(record.outputs), record.type, record.id)
            ).fetchall()
            if not rows:
                raise CloudError("NotFound", f"{_kind(record.type)} {record.id} does not exist")
            ((serial,),) = rows
            for table, column in (("handles", "serial"), ("claims", "serial"), ("refs", "source")):
                db.execute(f"DELETE FROM {table} WHERE {column} = ?", (serial,))  # noqa: S608 - fixed names
            self._tie(db, serial, record.type, record.id, ties)
            self._note(db, Operation.UPDATE, record.type, record.id)

    def delete(self, type_: str, id_: str) -> bool:
        """Remove an object and what belongs to it; False when it is gone already; refused while others refer to it."""
        with self._transaction() as db:
            row = db.execute("SELECT serial FROM objects WHERE type = ? AND id = ?", (type_, id_)).fetchone()
            if row is None:
                return False
            doomed = self._owned(db, row[0])
            users = self._users(db, doomed)
            if users:
                raise CloudError("DependencyViolation", f"{_kind(type_)} {id_} is in use by {', '.join(users)}")
            db.executemany("DELETE FROM objects WHERE serial = ?", [(serial,) for serial in doomed])
            self._note(db, Operation.DELETE, type_, id_)
        return True

    def mutate(self, type_: str, id_: str, changes: Mapping[str, Any]) -> None:
        """Drift: change properties behind everybody's back. `None` removes a property."""
        record = self.get(type_, id_)
        if record is None:
            raise CloudError("NotFound", f"{_kind(type_)} {id_} does not exist")
        with self._transaction() as db:
            statement = "UPDATE objects SET inputs = ?, outputs = ? WHERE serial = ?"
            db.execute(
                statement,
                (_dump(_merge(record.inputs, changes)), _dump(_merge(record.outputs, changes)), record.serial),
            )

    def vanish(self, type_: str, id_: str) -> None:
        """Drift: the object disappears, whoever refers to it."""
        with self._transaction() as db:
            db.execute("DELETE FROM objects WHERE type = ? AND id = ?", (type_, id_))

    def _tie(self, db: sqlite3.Connection, serial: int, type_: str, id_: str, ties: Ties) -> None:
        values = {id_, *ties.handles}
        db.executemany("INSERT INTO handles VALUES (?, ?, ?)", [(value, type_, serial) for value in sorted(values)])
        if ties.claim is not None:
            try:
                db.execute("INSERT INTO claims VALUES (?, ?, ?)", (type_, ties.claim, serial))
            except sqlite3.IntegrityError:
                raise CloudError("EntityAlreadyExists", f"{_kind(type_)} with {ties.claim} already exists") from None
        for link in ties.links:
            target = self.resolve(link.value, link.kinds)
            if target is None:
                kinds = " or ".join(dict.fromkeys(_kind(kind) for kind in link.kinds))
                raise CloudError(
                    f"Invalid{_kind(link.kinds[0])}.NotFound", f"{link.path}: {kinds} {link.value} does not exist"
                )
            if target.serial != serial:
                db.execute("INSERT INTO refs VALUES (?, ?, ?, ?)", (serial, link.path, target.serial, link.on_delete))

    @staticmethod
    def _owned(db: sqlite3.Connection, serial: int) -> list[int]:
        """The object and everything that goes with it."""
        query = (
            "WITH RECURSIVE doomed(serial) AS (VALUES (?) UNION "
            "SELECT source FROM refs JOIN doomed ON target = doomed.serial WHERE on_delete = 'cascade') "
            "SELECT serial FROM doomed"
        )
        return [row[0] for row in db.execute(query, (serial,))]

    @staticmethod
    def _users(db: sqlite3.Connection, doomed: Sequence[int]) -> list[str]:
        """Survivors that refer to what is about to go, as `Kind id`."""
        marks = ",".join("?" * len(doomed))
        joined = "SELECT DISTINCT type, id FROM refs JOIN objects ON source = serial WHERE on_delete = 'block'"
        query = f"{joined} AND target IN ({marks}) AND source NOT IN ({marks}) ORDER BY serial"
        return [f"{_kind(type_)} {id_}" for type_, id_ in db.execute(query, (*doomed, *doomed))]

    @staticmethod
    def _note(db: sqlite3.Connection, operation: Operation, type_: str, id_: str) -> None:
        db.execute("INSERT INTO history (operation, type, id) VALUES (?, ?, ?)", (operation, type_, id_))

    # -- what no stack made: machines that groups started, and notes

    def machines(self, owner: Record) -> dict[str, dict[str, Any]]:
        """Machines that a group has started, by id; gone with it."""
        with self._lock:
            rows = self._db.execute("SELECT id, data FROM machines WHERE owner = ? ORDER BY id", (owner.serial,))
            return {id_: json.loads(data) for id_, data in rows.fetchall()}

    def keep_machine(self, owner: Record, id_: str, data: Mapping[str, Any]) -> None:
        """Start a machine, or change it."""
        with self._transaction() as db:
            db.execute("INSERT OR REPLACE INTO machines VALUES (?, ?, ?)", (id_, owner.serial, _dump(data)))

    def drop_machine(self, id_: str) -> None:
        """End a machine."""
        with self._transaction() as db:
            db.execute("DELETE FROM machines WHERE id = ?", (id_,))

    def note(self, key: str, value: str) -> None:
        """Remember a text under a key."""
        with self._transaction() as db:
            db.execute("INSERT OR REPLACE INTO notes VALUES (?, ?)", (key, value))

    def noted(self, key: str) -> str | None:
        """The text under a key."""
        with self._lock:
            row = self._db.execute("SELECT value FROM notes WHERE key = ?", (key,)).fetchone()
        return row[0] if row else None

    # -- faults

    def inject(self, fault: Fault) -> None:
        """Let a fault wait for its operation."""
        with self._transaction() as db:
            db.execute("INSERT INTO faults (data, remaining) VALUES (?, ?)", (_dump(asdict(fault)), fault.times))

    def faults(self) -> list[tuple[Fault, int]]:
        """Faults that can still strike, and how often."""
        with self._lock:
            rows = self._db.execute("SELECT data, remaining FROM faults WHERE remaining > 0 ORDER BY fault").fetchall()
        return [(_fault(data), remaining) for data, remaining in rows]

    def take_fault(self, operation: Operation, type_: str, name: str) -> Fault | None:
        """The fault that strikes this operation now, used up once; None most of the time."""
        with self._transaction() as db:
            for number, data in db.execute(
                "SELECT fault, data FROM faults WHERE remaining > 0 ORDER BY fault"
            ).fetchall():
                fault = _fault(data)
                if fault.strikes(operation, type_, name):
                    db.execute("UPDATE faults SET remaining = remaining - 1 WHERE fault = ?", (number,))
                    return fault
        return None

    def clear_faults(self) -> None:
        """Call off all faults."""
        with self._transaction() as db:
            db.execute("DELETE FROM faults")


def _fault(data: str) -> Fault:
    values = json.loads(data)
    operation = values.pop("operation")
    return Fault(
        **{**values, "kind": FaultKind(values["kind"]), "operation": Operation(operation) if operation else None}
    )


def _dump(value: Any) -> str:
    return json.dumps(value, sort_keys=True, separators=(",", ":"))


def _merge(old: Mapping[str, Any], changes: Mapping[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in {**old, **changes}.items() if value is not None}


def _kind(type_: str) -> str:
    """`aws:ec2/vpc:Vpc` → `Vpc`."""
    return type_.rpartition(":")[2]
