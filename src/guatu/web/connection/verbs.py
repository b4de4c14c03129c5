"""The verbs of this app and who may do them; the thing is always a connection."""

from __future__ import annotations

from guatu.web.people import permission
from guatu.web.people.permission import (
    in_sight,
    is_duty_officer,
    is_enterprise,
    is_plant_safety_officer,
)


def register() -> None:
    """Enter this app's verbs in the table."""
    permission.register("connection.see", in_sight)
    permission.register("connection.ask", is_plant_safety_officer | is_enterprise)
    permission.register("connection.decide", is_duty_officer)
    permission.register("connection.shut", is_duty_officer)
    # As monitoring.manage_keys: a plant replaces its own keys, the bureau can take them away.
    permission.register("connection.manage_keys", is_plant_safety_officer | is_duty_officer)
