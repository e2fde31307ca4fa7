"""Which texts deceive, and which only look unusual. Real people's names are never refused."""

from __future__ import annotations

import pytest

from chalicelib.domain import texts


@pytest.mark.parametrize(
    "name",
    [
        "其其格",
        "𠮷田𬭶",  # beyond the basic plane
        "ᠴᠢᠴᠢᠭ᠌ ᠤᠨ ᠠ",  # Mongolian with a variation selector
        "ᠪᠠᠭᠠᠲᠤᠷ\u202fᠤᠨ",  # with the narrow no-break space that suffixes take
        "ᠭ᠎ᠠ",  # with the vowel separator
        "阿依古丽·买买提",
        "Батбаяр Ganbold",  # two words, each in one alphabet
        "O'Brien-Ñúñez é",
        "नर्मदा क्‍ष",
        "α粒子",
        "\ue000",  # private use: how registers write what no font has
        "第一行\n第二行\t栏",
        "",
    ],
)
def test_a_real_name_passes(name: str) -> None:
    assert list(texts.violations(name)) == []


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("abc\u202etxt.exe", "text.direction-control"),
        ("\u2066隐藏\u2069", "text.direction-control"),
        ("巴\u200b特尔", "text.invisible"),
        ("\ufeff巴特尔", "text.invisible"),
        ("soft\u00adhyphen", "text.invisible"),
        ("bell\u0007", "text.invisible"),
        ("\U000e0041tag", "text.invisible"),
        ("\u2f00\u2f08", "text.radical"),
        ("Bаtаar", "text.look-alike"),  # Cyrillic а among Latin letters
        ("ΟK", "text.look-alike"),  # Greek Ο
    ],
)
def test_a_deceiving_text_is_named_by_its_kind(text: str, code: str) -> None:
    assert [v.code for v in texts.violations(text)] == [code]


def test_every_deceiving_text_of_a_form_is_named_with_its_place() -> None:
    form = {"name": "巴\u200b特尔", "kin": [{"a/b~c": "Bаt"}, "好"], "n": 3, "ok": True}
    assert [(v.code, v.pointer) for v in texts.violations(form, "/form")] == [
        ("text.invisible", "/form/name"),
        ("text.look-alike", "/form/kin/0/a~1b~0c"),
    ]
