r"""`--set` in Helm's syntax: `a.b=c,list={x,y},list[0].name=z`; `\,`, `\.`, `\=` and the like stand for themselves.

true, false, null and whole numbers mean what they say, unless everything is to be text (`--set-string`). A value of
null takes its key away. https://helm.sh/docs/intro/using_helm/#the-format-and-limitations-of---set
"""

from __future__ import annotations

from typing import Any, TypeAlias

from kops_pulumi.errors import KopsError

Step: TypeAlias = str | int
LARGEST_INDEX = 65536
"""As in Helm: a list is not filled up for ever."""
DEEPEST = 30
_WORDS = {"true": True, "false": False, "null": None}
_HINT = "write it as a.b=value,list={x,y},list[0]=z"


def assign(data: dict[str, Any], text: str, *, literal: bool = False) -> dict[str, Any]:
    """The data with the assignments of one `--set`; `literal` takes all values as text. KopsError for a bad one."""
    reader = _Reader(text)
    while not reader.done:
        path = reader.path()
        values = reader.values()
        found = [_value(value, literal=literal) for value in values] if isinstance(values, list) else None
        data = _with(data, path, found if found is not None else _value(str(values), literal=literal))
    return data


class _Reader:
    """Goes through one text from left to right."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.at = 0

    @property
    def done(self) -> bool:
        """Whether everything is read."""
        return self.at >= len(self.text)

    def path(self) -> list[Step]:
        """The steps before an `=`."""
        steps, word = list[Step](), ""
        while True:
            word, stop = self._until(".[=,")
            if word or stop == "." or not steps:
                steps.append(self._key(word))
            if stop == "[":
                steps.append(self._index())
                if self.text[self.at : self.at + 1] == ".":
                    self.at += 1
                continue
            if stop == "=":
                break
            if stop != ".":
                raise self._wrong(f"{'.'.join(map(str, steps))} has no value")
        if len(steps) > DEEPEST:
            raise self._wrong(f"more than {DEEPEST} levels")
        return steps

    def values(self) -> str | list[str]:
        """What follows an `=`: a text, or a list in braces."""
        if self.text[self.at : self.at + 1] != "{":
            return self._until(",")[0]
        self.at += 1
        found = list[str]()
        while True:
            word, stop = self._until(",}")
            if word or found or stop == ",":
                found.append(word.strip())
            if stop == "":
                raise self._wrong("a list has no end")
            if stop == "}":
                break
        if self.text[self.at : self.at + 1] not in {"", ","}:
            raise self._wrong("something follows a list")
        self.at += 1
        return found

    def _key(self, word: str) -> str:
        if not word.strip():
            raise self._wrong("a key is empty")
        return word.strip()

    def _index(self) -> int:
        word, stop = self._until("]")
        if stop != "]" or not (word.isascii() and word.isdigit()) or int(word[:9]) > LARGEST_INDEX or len(word) > 9:
            raise self._wrong(f"[{word}] is no place in a list")
        return int(word)

    def _until(self, stops: str) -> tuple[str, str]:
        """Text up to the first of the stops that no backslash protects, and that one; the reader is behind it."""
        found = ""
        while self.at < len(self.text):
            letter = self.text[self.at]
            self.at += 1
            if letter == "\\" and self.at < len(self.text):
                found += self.text[self.at]
                self.at += 1
            elif letter in stops:
                return found, letter
            else:
                found += letter
        return found, ""

    def _wrong(self, what: str) -> KopsError:
        return KopsError(f"--set {self.text}: {what}", hint=_HINT)


def _value(text: str, *, literal: bool) -> Any:
    if literal:
        return text
    if text.lower() in _WORDS:
        return _WORDS[text.lower()]
    digits = text.removeprefix("-")
    whole = digits.isascii() and digits.isdigit() and (digits == text == "0" or digits[0] != "0")
    return int(text) if whole and len(digits) < 20 else text


def _with(data: Any, path: list[Step], value: Any) -> Any:
    """The data with a value at a path; what is in the way and of another kind is replaced."""
    if not path:
        return value
    key, rest = path[0], path[1:]
    if isinstance(key, int):
        items = list(data) if isinstance(data, list) else []
        items += [None] * (key + 1 - len(items))
        items[key] = _with(items[key], rest, value)
        return items
    entries = dict(data) if isinstance(data, dict) else {}
    if not rest and value is None:
        entries.pop(key, None)
        return entries
    return {**entries, key: _with(entries.get(key), rest, value)}
