"""The verbs of this app and who may do them; the thing is always a connection."""

from __future__ import annotations

from guatu.web.people import permission
from guatu.web.people.models import Organisation, User
from guatu.web.people.permission import (
    in_sight,
    is_administrator,
    is_duty_officer,
    is_plant_safety_officer,
    of_own_organisation,
)


@permission.predicate("of a plant")
def of_a_plant(user: User, _thing: object = None) -> bool:
    """The user works for an organisation that runs a plant."""
    return user.organisation.kind == Organisation.Kind.PLANT


def register() -> None:
    """Enter this app's verbs in the table."""
    own = of_a_plant & of_own_organisation
    permission.register("connection.see", in_sight)
    permission.register("connection.ask", own)
    permission.register("connection.decide", is_duty_officer & in_sight)
    permission.register("connection.shut", (is_duty_officer | is_administrator) & in_sight)
    # As monitoring.manage_keys: a plant replaces its own keys, the bureau can take them away.
    permission.register(
        "connection.manage_keys",
        (is_plant_safety_officer & of_own_organisation)
        | ((is_duty_officer | is_administrator) & in_sight),
    )
