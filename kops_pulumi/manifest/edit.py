"""placeholder"""

from dataclasses import dataclass


@dataclass
class Set: ...


class Unset: ...


class AppendDocument: ...


class RemoveDocument: ...


Edit = Set


def edit(): ...
