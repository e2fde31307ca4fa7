"""``make bench``: what the product costs, beside floors measured in the same run (docs/performance.md)."""
