"""From a case to the version of the item under which it was filed (A6)."""

from __future__ import annotations

from chalicelib.domain.cases import Case
from chalicelib.domain.catalog import ImplementationItem
from chalicelib.services.ports import Catalog


def item_of(catalog: Catalog, case: Case) -> ImplementationItem:
    """The item as it was when the case was filed, with the body of that time.

    Whatever was published since, this is found: no version and no body is ever removed. Raises LookupError if one
    was, for then no answer about the case would be right.
    """
    item = catalog.version(case.item.code, case.item.version)
    if item is None:
        raise LookupError(f"no version {case.item.version} of {case.item.code}: versions are never removed")
    return item
