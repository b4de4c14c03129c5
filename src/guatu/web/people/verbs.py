"""The verbs of this app and who may do them."""

from guatu.web.people import permission
from guatu.web.people.models import Role


def register() -> None:
    """Enter this app's verbs in the table."""
    permission.register("people.change_own_password", permission.anyone)
    permission.register("people.see_organisation", permission.role(*Role))
    permission.register("people.create_organisation", permission.is_administrator)
    permission.register("people.create_user", permission.is_administrator)
    # Whoever makes accounts must not say what they may do.
    permission.register("people.grant", permission.is_security_administrator)
