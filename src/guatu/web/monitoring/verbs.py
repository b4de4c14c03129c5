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
    bureau = (is_duty_officer | is_administrator) & in_sight
    # A plant may not disarm its own core points: less protection takes a second pair of eyes.
    permission.register("monitoring.decide_limit", bureau)
    permission.register("monitoring.register_plant", bureau)
    # A plant replaces its own keys; the bureau can take them away.
    permission.register("monitoring.manage_keys", own_officer | bureau)
    permission.register("monitoring.shut_plant", bureau)
    # The plant declares; the bureau may end what it does not believe.
    permission.register("monitoring.declare_stop", own_officer)
    permission.register("monitoring.end_stop", own_officer | (is_duty_officer & in_sight))
