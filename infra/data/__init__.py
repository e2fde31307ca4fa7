"""Scripts that build the package data of ``chalicelib/data`` from their published sources."""
