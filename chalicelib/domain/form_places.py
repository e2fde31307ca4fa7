"""Places in a form, as JSON pointers below ``/form`` (RFC 6901): whether the form has them, and what changed where.

A notice names exact places, and a correction may change nothing else; both need to speak of places in one way.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

FORM = "/form"
MATERIALS = "/materials"

_BRANCHES = ("allOf", "anyOf", "oneOf")
_NESTED = ("if", "then", "else")
DEEPEST = 40
"""Schemas may refer to themselves; no form that people fill in goes deeper."""


def pointer(*tokens: str) -> str:
    """The pointer of these names."""
    return "".join("/" + token.replace("~", "~0").replace("/", "~1") for token in tokens)


def tokens(place: str) -> tuple[str, ...]:
    """The names of a pointer."""
    return tuple(part.replace("~1", "/").replace("~0", "~") for part in place.split("/")[1:])


def material(code: str) -> str:
    """The place of a material: by its code, since its index says nothing to anybody."""
    return pointer("materials", code)


def covers(place: str, other: str) -> bool:
    """True if ``other`` is this place or lies within it."""
    return other == place or other.startswith(place + "/")


def field(schema: Mapping[str, Any], place: str) -> Mapping[str, Any] | None:
    """The schema of a field of the form; None if the form has no such field.

    The form as a whole is no field: a defect has an exact place.
    """
    head, *names = tokens(place) or ("",)
    if head != "form" or not names:
        return None
    return _below(schema, schema, tuple(names), 0)


def title(schema: Mapping[str, Any], place: str) -> str:
    """What the form calls a field; its pointer where it has no title."""
    found = field(schema, place)
    return str(found["title"]) if found and found.get("title") else place


def _below(
    root: Mapping[str, Any], schema: Mapping[str, Any], names: tuple[str, ...], depth: int
) -> Mapping[str, Any] | None:
    if not names:
        return schema
    if depth > DEEPEST:
        return None
    ways = ((part, names[1:]) for part in _children(schema, names[0]))
    same = ((part, names) for part in _alternatives(root, schema))
    for part, rest in (*ways, *same):
        found = _below(root, part, rest, depth + 1)
        if found is not None:
            return found
    return None


def _children(schema: Mapping[str, Any], name: str) -> Iterator[Mapping[str, Any]]:
    """The schemas of what an object has under a name, or an array at an index."""
    own = schema.get("properties", {}).get(name)
    if isinstance(own, Mapping):
        yield own
    if name.isascii() and name.isdigit():
        prefix = schema.get("prefixItems", ())
        at = int(name)
        items = prefix[at] if at < len(prefix) else schema.get("items")
        if isinstance(items, Mapping):
            yield items


def _alternatives(root: Mapping[str, Any], schema: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    """What else is said of the same place: referred to, combined, or under a condition."""
    reference = schema.get("$ref")
    if isinstance(reference, str) and reference.startswith("#"):
        found: Any = root
        for name in tokens(reference[1:]):
            found = found.get(name) if isinstance(found, Mapping) else None
        if isinstance(found, Mapping):
            yield found
    for word in _BRANCHES:
        yield from (part for part in schema.get(word, ()) if isinstance(part, Mapping))
    yield from (schema[word] for word in _NESTED if isinstance(schema.get(word), Mapping))


# -- what changed ------------------------------------------------------------------------------------

_ABSENT = object()


def changes(before: Any, after: Any, place: str = FORM) -> Iterator[str]:
    """The innermost places at which two contents differ."""
    if isinstance(before, Mapping) and isinstance(after, Mapping):
        for name in (*before, *(name for name in after if name not in before)):
            yield from changes(before.get(name, _ABSENT), after.get(name, _ABSENT), place + pointer(name))
    elif _is_list(before) and _is_list(after):
        for at in range(max(len(before), len(after))):
            old, new = (rows[at] if at < len(rows) else _ABSENT for rows in (before, after))
            yield from changes(old, new, f"{place}/{at}")
    elif type(before) is not type(after) or before != after:
        yield place


def _is_list(value: Any) -> bool:
    return isinstance(value, Sequence) and not isinstance(value, str)


def get(form: Mapping[str, Any], place: str) -> tuple[Any, ...]:
    """The value at a place in a one-tuple; empty where there is none."""
    found: Any = form
    for name in tokens(place)[1:]:
        if isinstance(found, Mapping) and name in found:
            found = found[name]
        elif _is_list(found) and name.isascii() and name.isdigit() and int(name) < len(found):
            found = found[int(name)]
        else:
            return ()
    return (found,)


def put(form: Mapping[str, Any], place: str, value: tuple[Any, ...]) -> dict[str, Any]:
    """The form with another value at a place; an empty tuple takes the value away. The form itself stays as it is."""
    changed: dict[str, Any] = _put(form, tokens(place)[1:], value)
    return changed


def _put(container: Any, names: tuple[str, ...], value: tuple[Any, ...]) -> Any:
    name, rest = names[0], names[1:]
    if _is_list(container) and name.isascii() and name.isdigit():
        rows, at = list(container), int(name)
        inner = (_put(rows[at] if at < len(rows) else {}, rest, value),) if rest else value
        rows[at : at + 1] = inner
        return rows
    fields = dict(container) if isinstance(container, Mapping) else {}
    if rest:
        fields[name] = _put(fields.get(name, {}), rest, value)
    elif value:
        fields[name] = value[0]
    else:
        fields.pop(name, None)
    return fields
