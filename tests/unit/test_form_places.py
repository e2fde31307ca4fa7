"""Places in a form: which there are, and at which of them two contents differ."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.domain import form_places as places

SCHEMA: dict[str, Any] = {
    "type": "object",
    "$defs": {"person": {"type": "object", "properties": {"name": {"type": "string", "title": "姓名"}}}},
    "properties": {
        "subject": {"type": "string", "title": "任教学科"},
        "a/b": {"type": "string"},
        "address": {"type": "object", "properties": {"street": {"type": "string"}}},
        "members": {"type": "array", "items": {"$ref": "#/$defs/person"}},
        "self": {"$ref": "#"},
    },
    "allOf": [{"if": {"properties": {"subject": {"const": "x"}}}, "then": {"properties": {"school": {}}}}],
}


@pytest.mark.parametrize(
    ("place", "known"),
    [
        ("/form/subject", True),
        ("/form/a~1b", True),
        ("/form/address/street", True),
        ("/form/address/lane", False),
        ("/form/members/0/name", True),
        ("/form/members/12/name", True),
        ("/form/members/first/name", False),
        ("/form/members/0/age", False),
        ("/form/self/self/subject", True),
        ("/form/school", True),
        ("/form/unknown", False),
        ("/form", False),
        ("/materials/M01", False),
        ("", False),
        ("form/subject", False),
        ("/form" + "/self" * 100 + "/unknown", False),
    ],
)
@pytest.mark.requirement("B2")
def test_a_place_is_known_if_the_schema_of_the_form_has_it(place: str, known: bool) -> None:
    assert (places.field(SCHEMA, place) is not None) is known


def test_a_place_is_called_by_its_title_or_else_by_its_pointer() -> None:
    assert places.title(SCHEMA, "/form/members/3/name") == "姓名"
    assert places.title(SCHEMA, "/form/address/street") == "/form/address/street"


@pytest.mark.parametrize(
    ("before", "after", "changed"),
    [
        ({"a": 1}, {"a": 1}, []),
        ({"a": 1}, {"a": 2}, ["/form/a"]),
        ({"a": 1}, {"a": True}, ["/form/a"]),
        ({"a": 1}, {}, ["/form/a"]),
        ({}, {"a/b": None}, ["/form/a~1b"]),
        ({"a": {"b": 1, "c": 1}}, {"a": {"b": 2, "c": 1}}, ["/form/a/b"]),
        ({"a": [1, 2]}, {"a": [1, 3, 4]}, ["/form/a/1", "/form/a/2"]),
        ({"a": [1]}, {"a": "1"}, ["/form/a"]),
    ],
)
def test_changes_are_told_at_the_innermost_place(before: Any, after: Any, changed: list[str]) -> None:
    assert list(places.changes(before, after)) == changed


def test_a_place_covers_itself_and_what_lies_in_it_and_no_neighbour() -> None:
    assert places.covers("/form/a", "/form/a")
    assert places.covers("/form/a", "/form/a/b")
    assert not places.covers("/form/a", "/form/ab")
    assert not places.covers("/form/a/b", "/form/a")


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=3),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=8,
)
FORMS = st.dictionaries(st.text(max_size=3), VALUES, max_size=4)


@given(FORMS, FORMS)
def test_putting_every_field_that_changed_makes_the_new_form_and_leaves_the_old_one(
    before: dict[str, Any], after: dict[str, Any]
) -> None:
    kept = repr(before)
    form = before
    for name in {*before, *after}:
        place = places.FORM + places.pointer(name)
        form = places.put(form, place, places.get(after, place))
    assert list(places.changes(form, after)) == []
    assert repr(before) == kept


def test_a_value_is_put_into_a_row_of_a_list_and_where_nothing_was() -> None:
    form = {"rows": [{"a": 1}, {"a": 2}]}
    assert places.put(form, "/form/rows/1/a", (3,)) == {"rows": [{"a": 1}, {"a": 3}]}
    assert places.put(form, "/form/rows/0", ()) == {"rows": [{"a": 2}]}
    assert places.put(form, "/form/x/y", (1,)) == {**form, "x": {"y": 1}}
    assert places.get(form, "/form/rows/7/a") == ()
