"""The verbs of this app and who may do them; the thing is always a plant."""

from guatu.web.people import permission
from guatu.web.people.permission import in_sight, is_duty_officer, is_plant_safety_officer


def register() -> None:
    """Enter this app's verbs in the table."""
    permission.register("quality.see", in_sight)
    permission.register("quality.clear_quarantine", is_plant_safety_officer | is_duty_officer)
