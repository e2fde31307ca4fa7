"""The divisions of the region as package data: read once per container, about 10 ms."""

from __future__ import annotations

import gzip
from functools import cache
from importlib import resources

from chalicelib.domain.divisions import DivisionIndex


@cache
def packaged_divisions() -> DivisionIndex:
    """The index over ``data/divisions.csv.gz`` (sources and licences: docs/catalogue.md)."""
    packed = resources.files("chalicelib").joinpath("data", "divisions.csv.gz").read_bytes()
    return DivisionIndex(gzip.decompress(packed).decode())
