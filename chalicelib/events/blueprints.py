"""Everything that is fed by the bus, the stream or the clock. ``app`` registers it, once."""

from chalicelib.events import (
    anchors,
    appointments,
    certificates,
    credit,
    messages,
    reconciliation,
    relay,
    task_callbacks,
    timers,
    workflow_starter,
)

BLUEPRINTS = (
    anchors.bp,
    appointments.bp,
    certificates.bp,
    credit.bp,
    messages.bp,
    reconciliation.bp,
    relay.bp,
    task_callbacks.bp,
    timers.bp,
    workflow_starter.bp,
)
