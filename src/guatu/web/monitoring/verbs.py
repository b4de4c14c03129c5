"""The verbs of this app and who may do them; the thing is always a plant."""

from guatu.web.people import permission
from guatu.web.people.permission import in_sight, is_duty_officer, is_plant_safety_officer


def register() -> None:
    """Enter this app's verbs in the table."""
    permission.register("monitoring.see", in_sight)
    permission.register("monitoring.change_limit", is_plant_safety_officer | is_duty_officer)
    permission.register("monitoring.change_points", is_duty_officer)
    # Only who stands in the plant can say that an alarm was seen there.
    permission.register("monitoring.acknowledge_alarm", is_plant_safety_officer)
    # A plant may not disarm its own core points: less protection takes a second pair of eyes.
    permission.register("monitoring.decide_limit", is_duty_officer)
    permission.register("monitoring.register_plant", is_duty_officer)
    # A plant replaces its own keys; the bureau can take them away.
    permission.register("monitoring.manage_keys", is_plant_safety_officer | is_duty_officer)
    permission.register("monitoring.shut_plant", is_duty_officer)
    # The plant declares; the bureau may end what it does not believe.
    permission.register("monitoring.declare_stop", is_plant_safety_officer)
    permission.register("monitoring.end_stop", is_plant_safety_officer | is_duty_officer)
