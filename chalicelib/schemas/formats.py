"""Formats of this field that JSON Schema does not know. Check digits catch slips of the pen, nothing more."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import date

from chalicelib.domain.organisation_codes import is_uscc

_RESIDENT_ID = re.compile(r"[1-9][0-9]{16}[0-9X]", re.ASCII)
_RESIDENT_WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
_RESIDENT_CHECK = "10X98765432"

_MOBILE = re.compile(r"1[3-9][0-9]{9}", re.ASCII)


def is_resident_id(value: str) -> bool:
    """公民身份号码 (GB 11643): 18 characters, a real date of birth, check character.

    The first six digits are not looked up: divisions come and go, and a person keeps the number.
    """
    if not _RESIDENT_ID.fullmatch(value):
        return False
    try:
        date(int(value[6:10]), int(value[10:12]), int(value[12:14]))
    except ValueError:
        return False
    total = sum(int(digit) * weight for digit, weight in zip(value, _RESIDENT_WEIGHTS, strict=False))
    return value[17] == _RESIDENT_CHECK[total % 11]


FORMATS: Mapping[str, Callable[[str], bool]] = {
    "resident-id": is_resident_id,
    "uscc": is_uscc,
    "mobile-phone": lambda value: _MOBILE.fullmatch(value) is not None,
}
"""Every own format. The schema of an item's form may use these besides those of JSON Schema."""
