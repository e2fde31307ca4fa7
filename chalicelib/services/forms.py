"""What is wrong with the form of an application, wherever it is judged: handed in, corrected, checked by an officer."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from chalicelib.domain import form_places, resident_ids, texts
from chalicelib.domain.catalog import ImplementationItem
from chalicelib.domain.errors import Violation
from chalicelib.services.ports import Ports


def unfit(ports: Ports, item: ImplementationItem, form: Mapping[str, Any], now: datetime) -> tuple[Violation, ...]:
    """What the form's schema finds, identifiers included, numbers of people not yet born, and text that deceives."""
    numbers = ports.forms.of_format(item.form, form, resident_ids.FORMAT, form_places.FORM)
    return (
        *ports.forms.violations(item.form, form, form_places.FORM),
        *resident_ids.unborn(numbers, now),
        *texts.violations(form, form_places.FORM),
    )
