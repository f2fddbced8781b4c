"""HTTP rules of the contract as routes: verb and path to a method and its path fields."""

import re
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from urllib.parse import unquote

from gateway.contract import Method

_VARIABLE = re.compile(r"\{(\w+)\}")


@dataclass(frozen=True, slots=True)
class Match:
    """The method that a path means, with the values in the path."""

    method: Method
    fields: dict[str, str]


class Routes:
    """Finds the method for a verb and a raw path."""

    def __init__(self, methods: Iterable[Method]) -> None:
        self._by_verb: dict[str, list[tuple[re.Pattern[str], Method]]] = defaultdict(list)
        self.methods = tuple(methods)
        for method in self.methods:
            self._by_verb[method.verb].append((_pattern(method.path), method))

    def find(self, verb: str, raw_path: str) -> Match | None:
        """The match, or None. Matches on the raw path, so that an escaped slash stays inside its segment."""
        for pattern, method in self._by_verb.get(verb, ()):
            if found := pattern.fullmatch(raw_path):
                return Match(method, {name: unquote(value) for name, value in found.groupdict().items()})
        return None

    def verbs(self, raw_path: str) -> list[str]:
        """The verbs that this path knows."""
        return sorted(
            verb for verb, rules in self._by_verb.items() if any(rule.fullmatch(raw_path) for rule, _ in rules)
        )


def _pattern(path: str) -> re.Pattern[str]:
    pieces = _VARIABLE.split(path)
    text = "".join(f"(?P<{piece}>[^/:]+)" if index % 2 else re.escape(piece) for index, piece in enumerate(pieces))
    return re.compile(text)
