"""A mapping of a YAML file that is read key by key, so that what is wrong is told with its line."""

from __future__ import annotations

import difflib
import math
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any, NoReturn

import yaml
from yaml.constructor import SafeConstructor
from yaml.nodes import MappingNode, Node, ScalarNode


class Section:
    """The keys of one mapping; `read_yaml` gives the whole file's."""

    def __init__(self, node: Node, name: str, file: Path, line: int = 1) -> None:
        """Take the keys of a mapping.

        Args:
            node: As YAML composes it.
            name: Its key with dots, e.g. `outputs.pose`; empty for the whole file.
            file: Where it stands, for messages.
            line: Where its own key stands.

        Raises:
            ValueError: It is no mapping, or a key is there twice.
        """
        self.name, self.file = name, file
        self._line = line
        self._nodes: dict[Any, Node] = {}
        self._lines: dict[Any, int] = {}
        if not isinstance(node, MappingNode):
            raise ValueError(
                f"expected {name or 'a specification'} to be keys with values, got {_value(node)!r}, "
                f"in {file}, line {self._line}"
            )
        for key, value in node.value:
            word = _value(key)
            if not isinstance(word, str | int) or word in self._nodes:
                raise ValueError(f"expected a key once, got {word!r}, in {file}, line {_line(key)}")
            self._nodes[word], self._lines[word] = value, _line(key)

    def __contains__(self, key: object) -> bool:
        return key in self._nodes

    def all_keys(self) -> list[Any]:
        """The keys, in order."""
        return list(self._nodes)

    def named(self, key: Any) -> str:
        """A key with those above it, e.g. `outputs.pose`."""
        return f"{self.name}.{key}" if self.name else str(key)

    def where(self, key: Any = None) -> str:
        """The file and the line of a key, or of the mapping where the key is not there."""
        return f"in {self.file}, line {self._lines.get(key, self._line)}"

    def only(self, known: Iterable[str]) -> None:
        """Refuse other keys.

        Raises:
            ValueError: naming the key, its line and what may have been meant.
        """
        options = list(known)
        for key in self._nodes:
            if key not in options:
                raise ValueError(
                    f"expected keys of {self.name or 'the specification'} out of {', '.join(options)}, "
                    f"got {key!r}, {self.where(key)}{meant(str(key), options)}"
                )

    def value(self, key: Any) -> Any:
        """What stands at a key."""
        return _value(self._nodes[key])

    def refuse(self, key: Any, wanted: str, fix: str = "") -> NoReturn:
        """Raise one sentence on the value of a key.

        Raises:
            ValueError: always.
        """
        got = repr(self.value(key)) if key in self else "nothing"
        tail = f": {fix}" if fix else ""
        raise ValueError(f"expected {self.named(key)} to be {wanted}, got {got}, {self.where(key)}{tail}")

    def section(self, key: Any, short: str = "") -> Section:
        """A mapping below a key; with `short`, a value in its place stands for a mapping of that one key."""
        node = self._nodes[key]
        if short and not isinstance(node, MappingNode):
            word = ScalarNode("tag:yaml.org,2002:str", short, node.start_mark, node.end_mark)
            node = MappingNode("tag:yaml.org,2002:map", [(word, node)], node.start_mark, node.end_mark)
        return Section(node, self.named(key), self.file, self._lines[key])

    def text(self, key: str, default: str | None = None) -> str:
        """Some text; without a default it must be there."""
        value = self._or_default(key, default)
        return value if isinstance(value, str) else self.refuse(key, "text")

    def flag(self, key: str) -> bool:
        """True or false; false where it is not there."""
        value = self._or_default(key, False)
        return value if isinstance(value, bool) else self.refuse(key, "true or false")

    def number(self, key: str, default: float | None = None) -> float:
        """A finite number."""
        value = self._or_default(key, default)
        return float(value) if _is_number(value) else self.refuse(key, "a number")

    def whole(self, key: str, default: int | None = None) -> int:
        """A whole number, 1 or more."""
        value = self._or_default(key, default)
        return int(value) if _is_whole(value) and value > 0 else self.refuse(key, "a whole number above 0")

    def numbers(self, key: str, count: int) -> tuple[float, ...]:
        """A list of so many numbers."""
        value = self._or_default(key, None)
        if not isinstance(value, list) or len(value) != count or not all(_is_number(each) for each in value):
            self.refuse(key, f"a list of {count} numbers")
        return tuple(float(each) for each in value)

    def words(self, key: str, default: Sequence[str] | None = None) -> tuple[str, ...]:
        """A list of text."""
        value = self._or_default(key, None if default is None else list(default))
        if not isinstance(value, list) or not all(isinstance(each, str) for each in value):
            self.refuse(key, "a list of names")
        return tuple(value)

    def choice(self, key: str, options: Sequence[str], default: str | None = None) -> str:
        """One of a few words."""
        value = self._or_default(key, default)
        if value not in options:
            fix = meant(str(value), options).removeprefix("; ")
            self.refuse(key, f"one of {', '.join(options)}", fix)
        return str(value)

    def _or_default(self, key: str, default: Any) -> Any:
        return self.value(key) if key in self else default


def read_yaml(path: Path) -> Section:
    """The keys of a YAML file; nothing in it is run.

    Raises:
        FileNotFoundError: There is no such file.
        ValueError: It is no YAML, or not keys with values.
    """
    if not path.is_file():
        raise FileNotFoundError(f"expected a specification, got no file {path}: check the path")
    try:
        node = yaml.compose(path.read_text(encoding="utf-8"), Loader=yaml.SafeLoader)
        if node is not None:
            _value(node)  # refuses tags of Python
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        what = " ".join(str(error).split())
        raise ValueError(f"expected YAML, got something else in {path}: {what}") from None
    if node is None:
        raise ValueError(f"expected a specification, got an empty file {path}")
    return Section(node, "", path)


def meant(word: str, options: Iterable[str]) -> str:
    """`; did you mean 'that'?` where something among the options is spelt alike, else nothing."""
    close = difflib.get_close_matches(word, list(options), n=1) if len(word) > 2 else []
    return f"; did you mean {close[0]!r}?" if close else ""


def _value(node: Node) -> Any:
    return SafeConstructor().construct_document(node)


def _line(node: Node) -> int:
    return int(node.start_mark.line) + 1


def _is_whole(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def _is_number(value: Any) -> bool:
    return _is_whole(value) or (isinstance(value, float) and math.isfinite(value))
