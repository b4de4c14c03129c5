"""The verbs of this app and who may do them; the thing is always a plant."""

from guatu.web.people import permission
from guatu.web.people.permission import (
    in_sight,
    is_administrator,
    is_duty_officer,
    is_plant_safety_officer,
    of_own_organisation,
)


def register() -> None:
    """Enter this app's verbs in the table."""
    own_officer = is_plant_safety_officer & of_own_organisation
    permission.register("monitoring.see", in_sight)
    permission.register(
        "monitoring.change_limit", own_officer | ((is_duty_officer | is_administrator) & in_sight)
    )
    # Only who stands in the plant can say that an alarm was seen there.
    permission.register("monitoring.acknowledge_alarm", own_officer)
    permission.register("monitoring.register_plant", is_administrator & in_sight)
    permission.register("monitoring.manage_keys", is_administrator & in_sight)
