"""The proof: nothing is lost when any call fails, and in any order of what happens at once (docs/proof.md)."""

import os

THOROUGH = os.environ.get("PROOF") == "1"
"""``make proof`` runs the tests of this folder as well, with all that ``make test`` has no time for."""
