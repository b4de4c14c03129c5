"""The verbs of this app and who may do them."""

from guatu.web.people import permission


def register() -> None:
    """Enter this app's verbs in the table."""
    permission.register("people.change_own_password", permission.anyone)
    permission.register("people.see_organisation", permission.in_sight)
    permission.register(
        "people.create_organisation", permission.is_administrator & permission.in_sight
    )
    permission.register("people.create_user", permission.is_administrator & permission.in_sight)
