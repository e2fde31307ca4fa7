"""统一社会信用代码 (GB 32100-2015) and the organisation code inside it (GB 11714).

18 characters: category of registering authority and of organisation (2), division of the authority
(6), organisation code (8 + check character), check character. The alphabet has no I, O, S, V, Z.
"""

from __future__ import annotations

_ALPHABET = "0123456789ABCDEFGHJKLMNPQRTUWXY"
_ORGANISATION_WEIGHTS = (3, 7, 9, 10, 5, 8, 4, 2)


def is_uscc(code: str) -> bool:
    """Whether the code has the form and the check character of the standard."""
    if len(code) != 18 or any(c not in _ALPHABET for c in code) or not code[2:8].isdigit():
        return False
    return code[17] == uscc_check(code[:17])


def uscc_check(first: str) -> str:
    """The check character over the first 17: weights 3^i mod 31."""
    total = sum(_ALPHABET.index(c) * pow(3, i, 31) for i, c in enumerate(first))
    return _ALPHABET[(31 - total % 31) % 31]


def organisation_check(first: str) -> str:
    """The check character over the first 8 of an organisation code (GB 11714)."""
    total = sum(int(c, 36) * w for c, w in zip(first, _ORGANISATION_WEIGHTS, strict=True))
    value = 11 - total % 11
    return {10: "X", 11: "0"}.get(value, str(value))


def demo_uscc(division: str, department: str, institution: bool) -> str:
    """A well-formed code for a demonstration body; its organisation code begins with D and is nobody's.

    ``institution``: 12 事业单位 instead of 11 机关.
    """
    own = f"D{department}{division[6:9]}00"
    first = f"{'12' if institution else '11'}{division[:6]}{own}{organisation_check(own)}"
    return first + uscc_check(first)
