"""公民身份号码 (GB 11643): 18 characters with a date of birth and a check character."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from datetime import date, datetime

from chalicelib.domain.deadlines import legal_day
from chalicelib.domain.errors import Violation

FORMAT = "resident-id"
"""What a form's schema calls such a number."""

_FORM = re.compile(r"[1-9][0-9]{16}[0-9X]", re.ASCII)
_WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
_CHECK = "10X98765432"


def is_resident_id(value: str) -> bool:
    """18 characters, a real date of birth, check character.

    The first six digits are not looked up: divisions come and go, and a person keeps the number.
    """
    if not _FORM.fullmatch(value):
        return False
    try:
        _born_on(value)
    except ValueError:
        return False
    total = sum(int(digit) * weight for digit, weight in zip(value, _WEIGHTS, strict=False))
    return value[17] == _CHECK[total % 11]


def unborn(numbers: Iterable[tuple[str, str]], now: datetime) -> Iterator[Violation]:
    """``schema.resident-id-future`` for every number, given with its pointer, of somebody born after today."""
    today = legal_day(now)
    for pointer, number in numbers:
        if is_resident_id(number) and _born_on(number) > today:
            yield Violation("schema.resident-id-future", pointer)


def _born_on(number: str) -> date:
    return date(int(number[6:10]), int(number[10:12]), int(number[12:14]))
