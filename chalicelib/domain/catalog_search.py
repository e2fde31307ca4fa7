"""Finding items in Chinese by everyday words, parts of the name, pinyin initials, codes and filters.

No dictionary and no tokenizer: a term matches when every pair of neighbouring characters of the term
(bigram) occurs in the text, which equals a substring search for nearly every term and still finds
names that put a word in between. Everyday words reach official names through a synonym table.

Ranking, from the best kind of match of the weakest term:

    100 name equals the term         80 name begins with it        70 name contains it
     60 an everyday word stands for this item (exactly; 55 if the word is part of the term)
     50 all bigrams in the name      45 English name               40 pinyin initials
     30 code                         20 elsewhere (result, department, themes, main item)

Equal ranks: the shorter name first, then the code.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from chalicelib.domain.divisions import Level

Json = dict[str, Any]

_EXACT, _PREFIX, _SUBSTRING, _EVERYDAY, _EVERYDAY_PART = 100, 80, 70, 60, 55
_BIGRAMS, _ENGLISH, _INITIALS, _CODE, _ELSEWHERE = 50, 45, 40, 30, 20
# What people put around the matter itself.
_SMALL_TALK = re.compile(
    "请问|(我|我们)?(想要|要|想)(办理|办个|办|申请)?|(怎么|如何|哪里|在哪|去哪)(办理|办|申请|领)?|办理|申请"
)


@dataclass(frozen=True, slots=True)
class Filter:
    """What a listing is narrowed to; empty fields do not narrow."""

    query: str = ""
    level: Level | None = None
    departments: frozenset[str] = frozenset()
    type_code: str = ""
    theme: str = ""
    case_type: str = ""
    applicant_kind: str = ""


@dataclass(frozen=True, slots=True)
class Hit:
    """A summary and how well it matched (0 without a query)."""

    summary: Json
    rank: int


class SearchIndex:
    """The summaries of one release, prepared for searching. Built once for each release and container."""

    def __init__(self, summaries: Sequence[Json], vocabulary: Mapping[str, Any]) -> None:
        self.summaries = summaries
        self.by_code: Mapping[str, Json] = {row["basic_code"]: row for row in summaries}
        self.themes: Sequence[Json] = vocabulary.get("themes", ())
        self.departments: Mapping[str, Json] = vocabulary.get("departments", {})
        self._letters = _letters(vocabulary.get("initials", {}))
        self._synonyms = [
            (_plain(s["word"]), _plain(s["official"]), frozenset(s["items"])) for s in vocabulary.get("synonyms", ())
        ]
        titles = {theme["key"]: f"{theme['name']}\n{theme['name_en']}" for theme in self.themes}
        self._entries = [_Entry(row, self.departments, titles, self._letters) for row in summaries]

    def search(self, wanted: Filter) -> list[Hit]:
        """Every item that fits, best first; without a query in order of code."""
        terms = [term for term in map(_strip, _plain(wanted.query, keep_spaces=True).split()) if term]
        if wanted.query.strip() and not terms:
            return []  # nothing but punctuation
        hits = []
        for entry in self._entries:
            if not _admits(wanted, entry.row):
                continue
            rank = min((self._rank(entry, term) for term in terms), default=0)
            if rank > 0 or not terms:
                hits.append(Hit(entry.row, rank))
        return sorted(hits, key=_order)

    def _rank(self, entry: _Entry, term: str) -> int:
        """How well one term fits; 0 not at all."""
        if term == entry.name:
            return _EXACT
        if entry.name.startswith(term):
            return _PREFIX
        if term in entry.name:
            return _SUBSTRING
        everyday = self._everyday(entry, term)
        if everyday:
            return everyday
        if term.isascii():
            return _ascii_rank(entry, term)
        pairs = bigrams(term)
        if pairs and pairs <= entry.pairs:
            return _BIGRAMS
        return _ELSEWHERE if term in entry.elsewhere or (pairs and pairs <= entry.elsewhere_pairs) else 0

    def _everyday(self, entry: _Entry, term: str) -> int:
        best = 0
        for word, official, keys in self._synonyms:
            if entry.row["key"] not in keys and official not in entry.name:
                continue
            if word == term:
                return _EVERYDAY
            if len(word) > 1 and (word in term or (len(term) > 1 and term in word)):
                best = _EVERYDAY_PART
        return best


class _Entry:
    """One summary with what is compared to terms."""

    __slots__ = ("elsewhere", "elsewhere_pairs", "english", "initials", "name", "pairs", "row")

    def __init__(
        self, row: Json, departments: Mapping[str, Json], titles: Mapping[str, str], letters: Mapping[str, str]
    ) -> None:
        department = departments.get(row["department"], {})
        main = row["main"] or {}
        others = [row["result_name"], row["field"], department.get("name", "")]
        others += department.get("bodies", {}).values()
        others += [department.get("name_en", ""), main.get("name", "")]
        others += [titles.get(key, "") for key in row["themes"]]
        self.row = row
        self.name = _plain(row["name"])
        self.english = _plain(row["name_en"])
        self.pairs = bigrams(self.name)
        # Line feeds keep the end of one text and the beginning of the next from making a pair.
        self.elsewhere = "\n".join(_plain(text) for text in others)
        self.elsewhere_pairs = bigrams(self.elsewhere)
        self.initials = [letters.get(character, character) for character in self.name if character.isalnum()]


def bigrams(text: str) -> frozenset[str]:
    """The pairs of neighbouring characters; a single character is its own pair with nothing (empty set)."""
    return frozenset(text[at : at + 2] for at in range(len(text) - 1) if "\n" not in text[at : at + 2])


def _ascii_rank(entry: _Entry, term: str) -> int:
    if term.isdigit():
        return _CODE if entry.row["basic_code"].startswith(term) and len(term) >= 2 else 0
    if len(term) >= 3 and term in entry.english:
        return _ENGLISH
    if len(term) >= 2 and term.isalpha() and _spells(entry.initials, term):
        return _INITIALS
    return _ELSEWHERE if len(term) >= 3 and term in entry.elsewhere else 0


def _spells(initials: Sequence[str], term: str) -> bool:
    """Whether the letters are the initials of neighbouring characters; one character may have two."""
    for start in range(len(initials) - len(term) + 1):
        if all(letter in initials[start + at] for at, letter in enumerate(term)):
            return True
    return False


def _letters(table: Mapping[str, str]) -> dict[str, str]:
    found: dict[str, str] = {}
    for letter, characters in table.items():
        for character in characters:
            found[character] = found.get(character, "") + letter
    return found


def _plain(text: str, *, keep_spaces: bool = False) -> str:
    """Width, case and punctuation folded away, so that (甲) and （甲）are the same."""
    folded = unicodedata.normalize("NFKC", text).lower()
    return "".join(c for c in folded if c.isalnum() or (keep_spaces and c.isspace()))


def _strip(term: str) -> str:
    """The term without small talk, unless nothing else is left."""
    rest = _SMALL_TALK.sub("", term)
    return rest or term


def _admits(wanted: Filter, row: Json) -> bool:
    return (
        (wanted.level is None or row["level"] == wanted.level)
        and (not wanted.departments or row["department"] in wanted.departments)
        and (not wanted.type_code or row["type_code"] == wanted.type_code)
        and (not wanted.theme or wanted.theme in row["themes"])
        and (not wanted.case_type or row["case_type"] == wanted.case_type)
        and (not wanted.applicant_kind or wanted.applicant_kind in row["applicant_kinds"])
    )


def _order(hit: Hit) -> tuple[int, int, str]:
    length = len(hit.summary["name"]) if hit.rank else 0
    return -hit.rank, length, hit.summary["basic_code"]


def department_codes(departments: Mapping[str, Json], wanted: str) -> frozenset[str]:
    """The departments meant by a code, a part of a name or of a body's name."""
    if wanted in departments:
        return frozenset({wanted})
    found: set[str] = set()
    for code, department in departments.items():
        names: Iterable[str] = (department["name"], department["name_en"].lower(), *department["bodies"].values())
        if any(wanted.lower() in name for name in names):
            found.add(code)
    return frozenset(found)
