"""What may be done with an etcd member: every combination of facts, and random histories of a cluster (R14, R15, R16).

The decision is bash's `etcd_decide`; its whole table is read once, and a small model of etcd clusters is driven by it.
"""

from __future__ import annotations

import functools
import itertools
import subprocess
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kops_pulumi.bootstrap import bundle

ETCD = Path(bundle.__file__).parent / "files" / "etcd.sh"
DATA = ("yes", "no")
STATE = ("none", "forming", "joining", "formed")
MARKS = ("fresh", "mine", "foreign", "unknown")
LISTED = ("unknown", "absent", "unstarted", "started")
QUORUM = ("yes", "no")
Facts = tuple[str, str, str, str, str]


@functools.cache
def table() -> dict[Facts, str]:
    rows = list(itertools.product(DATA, STATE, MARKS, LISTED, QUORUM))
    script = f'. {ETCD}\nwhile read -r a b c d e; do etcd_decide "$a" "$b" "$c" "$d" "$e"; done'
    lines = "".join(f"{' '.join(row)}\n" for row in rows)
    result = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", script], input=lines, capture_output=True, text=True, check=True
    )
    return dict(zip(rows, result.stdout.split(), strict=True))


def view(own: str, members: str, healthy: str) -> list[str]:
    script = f'. {ETCD}\netcd_view "$1" "$2" "$3"'
    command = ["bash", "-euo", "pipefail", "-c", script, "-", own, members, healthy]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout.split()


def test_data_is_always_started_as_it_is():
    assert {decision for facts, decision in table().items() if facts[0] == "yes"} == {"run"}


def test_only_the_others_quorum_replaces_a_member():
    assert {facts[4] for facts, decision in table().items() if decision == "repair"} == {"yes"}


def test_nothing_is_founded_when_the_store_does_not_answer_or_knows_another_set_of_members():
    assert not [
        facts for facts, decision in table().items() if decision == "form" and facts[2] in {"unknown", "foreign"}
    ]


def test_a_member_that_was_seen_running_never_founds_again():
    assert not [
        facts
        for facts, decision in table().items()
        if decision == "form"
        and facts[2] == "mine"
        and (facts[1] != "forming" or (facts[4] == "yes" and facts[3] != "unstarted"))
    ]


def test_without_quorum_and_with_a_lost_volume_it_waits():
    for state, listed in itertools.product(("none", "joining", "formed"), LISTED):
        assert table()["no", state, "mine", listed, "no"] == "wait"


LIST = """\
1, started, a, https://etcd-a:2380, https://etcd-a:4001, false
2, started, b, https://etcd-b:2380, https://etcd-b:4001, false
3, started, c, https://etcd-c:2380, https://etcd-c:4001, false
"""


def test_the_view_counts_voters_that_answer():
    own, b, c = (f"https://etcd-{name}:2380" for name in "abc")
    assert view(own, LIST, f"{b}\n{c}\n") == ["started", "yes"]
    assert view(own, LIST, f"{b}\n") == ["started", "no"]
    assert view(own, LIST, f"{b}\n{own}\n") == ["started", "no"]  # our own answer does not count
    assert view(own, "", "") == ["unknown", "no"]
    assert view("https://etcd-d:2380", LIST, f"{b}\n{c}") == ["absent", "yes"]


def test_the_view_does_not_count_learners():
    members = LIST.replace("4001, false\n3", "4001, true\n3")
    own, b, c = (f"https://etcd-{name}:2380" for name in "abc")
    assert view(own, members, f"{b}\n{c}\n") == ["started", "no"]  # two voters, c alone of the others
    assert view(own, "1, started, a, https://etcd-a:2380, x, false", "") == ["started", "no"]
    assert view(b, "1, started, a, https://etcd-a:2380, x, false", own) == ["absent", "yes"]
    assert view(own, LIST.replace("1, started, a", "1, unstarted, "), f"{b}\n{c}") == ["unstarted", "yes"]


@dataclass
class Member:
    """One member's volume, and whether its machine runs and is reached by the others."""

    state: str = "none"
    log: frozenset[int] | None = None
    """What it has acknowledged; None without data."""
    up: bool = False
    alone: bool = False
    """Started as a founder while the cluster existed already, and was not yet reached by it."""
    incarnation: int = 0
    """Which of the cluster's members of that name it is; a removed one's data is refused by the others."""


@dataclass
class Model:
    """A cluster of n members, as far as it matters here: who holds what was acknowledged by a majority."""

    names: tuple[str, ...]
    members: dict[str, Member] = field(default_factory=dict)
    marks: set[str] = field(default_factory=set)
    listed: dict[str, int] = field(default_factory=dict)
    """The member list: name to incarnation. Empty before the cluster forms."""
    founded: int = 0
    committed: set[int] = field(default_factory=set)
    store: bool = True

    def __post_init__(self) -> None:
        self.members = {name: Member() for name in self.names}

    def live(self, without: str = "") -> list[str]:
        """Members with data that run and are known to the cluster."""
        return [
            name
            for name, member in self.members.items()
            if name != without and member.up and member.log is not None and self.listed.get(name) == member.incarnation
        ]

    def majority(self) -> int:
        return len(self.listed or self.names) // 2 + 1

    def quorum(self, without: str = "") -> bool:
        return bool(self.listed) and len(self.live(without)) >= self.majority()

    def facts(self, name: str) -> Facts:
        member, answers = self.members[name], self.quorum(name)
        own = self.listed.get(name)
        listed = "unknown" if not answers else "absent" if own is None else "started" if own >= 0 else "unstarted"
        marks = "unknown" if not self.store else "mine" if name in self.marks else "fresh"
        if listed == "started" and member.log is None and not self.marks & {name}:
            listed = "unstarted"  # on the list from the beginning, never seen
        return ("yes" if member.log is not None else "no", member.state, marks, listed, "yes" if answers else "no")

    def boot(self, name: str, *, crash: bool) -> None:
        """The machine boots and settles its member; with `crash` it dies between its marks and etcd's first write."""
        member = self.members[name]
        facts = self.facts(name)
        decision = table()[facts]
        match decision:
            case "run":
                member.up = True
            case "form":
                member.state = "forming"
                self.marks.add(name)
                if not crash:
                    self._found(name)
            case "repair":
                assert self.quorum(name), f"{name} was replaced while the others had no quorum"
                member.state = "joining"
                self.listed[name] = member.incarnation = max(self.listed.values(), default=0) + 1
                if not crash:
                    member.log, member.up, member.state = frozenset(self.committed), True, "formed"
            case "wait":
                member.up = False

    def _found(self, name: str) -> None:
        """Founders form a cluster when a majority of them starts with empty logs: once, or it is a second cluster."""
        member = self.members[name]
        if self.quorum(name):
            assert self.listed.get(name) == 0, f"{name} would be refused by the others"
            member.log = frozenset(self.committed)
        else:
            member.log, member.alone = frozenset(), bool(self.listed)
        member.up, member.state, member.incarnation = True, "formed", 0
        empty = [other for other in self.members.values() if other.up and other.log == frozenset()]
        if len(empty if not self.listed else [other for other in empty if other.alone]) >= len(self.names) // 2 + 1:
            self.founded += 1
            self.listed = dict.fromkeys(self.names, 0)

    def write(self, value: int) -> None:
        if self.quorum():
            for name in self.live():
                log = self.members[name].log
                assert log is not None
                self.members[name].alone = False
                # A follower that was away catches up before it acknowledges.
                self.members[name].log = frozenset(self.committed | log | {value})
            self.committed.add(value)


EVENTS = st.lists(
    st.tuples(
        st.sampled_from(["boot", "boot", "boot", "crash", "kill", "wipe", "empty", "store", "write", "write"]),
        st.integers(0, 4),
    ),
    max_size=60,
)


@settings(max_examples=1000, deadline=None)
@given(size=st.sampled_from([1, 3, 5]), events=EVENTS)
def test_no_history_makes_a_second_cluster_or_loses_what_a_majority_kept(size: int, events: list[tuple[str, int]]):
    model = Model(tuple("abcde"[:size]))
    lost = False
    for step, (event, index) in enumerate(events):
        name = model.names[index % size]
        member = model.members[name]
        match event:
            case "boot" | "crash":
                if not member.up:
                    model.boot(name, crash=event == "crash")
            case "kill":
                member.up = False
            case "wipe":  # the volume itself is lost, and a blank one takes its place
                model.members[name] = Member(incarnation=member.incarnation)
            case "empty" if member.state != "forming":  # somebody deleted the data, not the volume's own state
                member.log, member.up = None, False
            case "store":
                model.store = not model.store
            case "write":
                model.write(step)
        holders = [other for other in model.members.values() if other.log is not None]
        lost = lost or (bool(model.listed) and len(holders) < model.majority())
        assert model.founded <= 1
        if model.quorum() and not lost:
            kept = set().union(*(model.members[other].log or () for other in model.live()))
            assert model.committed <= kept


@settings(max_examples=200, deadline=None)
@given(order=st.permutations("abc"), crashed=st.lists(st.sampled_from("abc"), max_size=4))
def test_any_boot_order_with_interrupted_first_starts_forms_one_cluster(order: list[str], crashed: list[str]):
    model = Model(tuple("abc"))
    for name in crashed:
        model.boot(name, crash=True)
    for name in order:
        model.boot(name, crash=False)
    assert model.founded == 1
    assert sorted(model.live()) == ["a", "b", "c"]


def test_the_model_sees_a_second_cluster_when_the_decision_is_careless(monkeypatch: pytest.MonkeyPatch):
    careless = {facts: "form" if decision == "wait" else decision for facts, decision in table().items()}
    monkeypatch.setattr(f"{__name__}.table", lambda: careless)
    model = Model(tuple("abc"))
    for name in "abc":
        model.boot(name, crash=False)
    for name in "abc":
        model.members[name] = Member()
    for name in "abc":
        model.boot(name, crash=False)
    assert model.founded == 2


def test_a_lost_volume_of_one_in_three_is_repaired_and_of_two_is_not():
    model = Model(tuple("abc"))
    for name in "abc":
        model.boot(name, crash=False)
    model.write(1)
    model.members["a"] = Member()
    model.boot("a", crash=False)
    assert sorted(model.live()) == ["a", "b", "c"]
    model.members["a"], model.members["b"] = Member(), Member()
    for _ in range(3):
        model.boot("a", crash=False)
        model.boot("b", crash=False)
    assert model.live() == ["c"]
    assert model.founded == 1
