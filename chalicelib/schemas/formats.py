"""Formats of this field that JSON Schema does not know. Check digits catch slips of the pen, nothing more."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping

from chalicelib.domain.organisation_codes import is_uscc
from chalicelib.domain.resident_ids import is_resident_id

_MOBILE = re.compile(r"1[3-9][0-9]{9}", re.ASCII)


FORMATS: Mapping[str, Callable[[str], bool]] = {
    "resident-id": is_resident_id,
    "uscc": is_uscc,
    "mobile-phone": lambda value: _MOBILE.fullmatch(value) is not None,
}
"""Every own format. The schema of an item's form may use these besides those of JSON Schema.

Each has a code of its own, ``schema.<format>``, whose sentence says what such a number looks like.
"""
