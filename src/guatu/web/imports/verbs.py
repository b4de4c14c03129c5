"""The verbs of this app and who may do them; what a table changes, its kind asks about."""

from guatu.web.people import permission
from guatu.web.people.permission import (
    is_administrator,
    is_duty_officer,
    is_plant_safety_officer,
)


def register() -> None:
    """Enter this app's verbs in the table."""
    permission.register(
        "imports.bring", is_administrator | is_duty_officer | is_plant_safety_officer
    )
