"""How Chinese is set on paper: dates, and punctuation of full width between Chinese characters (GB/T 15834)."""

from __future__ import annotations

import re
from datetime import datetime

from chalicelib.domain.deadlines import SHANGHAI

_HAN = r"[\u3007\u3400-\u9fff\uf900-\ufaff\U00020000-\U000323af]"
_CLOSING = r"[”’》〉」』】）]"
_AFTER = re.compile(rf"(?<={_HAN}|{_CLOSING})[,:;!?](?!\d)")
_BRACKETS = re.compile(rf"\((?=[^()]*{_HAN})([^()]*)\)")
_WIDE = str.maketrans(",:;!?", "\uff0c\uff1a\uff1b\uff01\uff1f")  # the full-width forms


def chinese(text: str) -> str:
    """The text with the punctuation of Chinese print.

    Signs of half width after a Chinese character, and brackets around Chinese, become those of full width; those of
    numbers, addresses and other languages stay. Nothing else is changed, so that it reads as it was written.
    """
    wide = _BRACKETS.sub("\uff08\\1\uff09", text)
    return _AFTER.sub(lambda found: found.group().translate(_WIDE), wide)


def china_time(moment: str) -> str:
    """A moment as it is written on paper: 2026年11月23日 09:05 (Beijing time)."""
    at = datetime.fromisoformat(moment).astimezone(SHANGHAI)
    return f"{at.year}年{at.month}月{at.day}日 {at:%H:%M}"
