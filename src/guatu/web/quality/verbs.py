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
    permission.register("quality.see", in_sight)
    permission.register(
        "quality.clear_quarantine",
        (is_plant_safety_officer & of_own_organisation)
        | ((is_duty_officer | is_administrator) & in_sight),
    )
