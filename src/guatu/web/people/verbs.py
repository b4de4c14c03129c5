"""The verbs of this app and who may do them."""

from guatu.web.people import permission
from guatu.web.people.models import POWERS, Role


def register() -> None:
    """Enter this app's verbs in the table."""
    permission.register("people.change_own_password", permission.anyone)
    permission.register("people.change_own_email", permission.oneself)
    permission.register("people.see_organisation", permission.role(*Role))
    permission.register("people.create_organisation", permission.is_administrator)
    permission.register("people.create_user", permission.is_administrator)
    permission.register("people.edit_organisation", permission.is_administrator)
    permission.register("people.edit_user", permission.is_administrator)
    permission.register("people.close_account", permission.is_administrator)
    permission.register("people.reset_password", permission.is_administrator)
    # The pages of people and organisations are the three powers' own subject.
    permission.register("people.see", permission.role(*sorted(POWERS)))
    permission.register(
        "people.keep_contacts", permission.is_plant_safety_officer | permission.is_duty_officer
    )
    permission.register("people.see_contacts", permission.in_sight)
    # Whoever makes accounts must not say what they may do.
    permission.register("people.grant", permission.is_security_administrator)
    permission.register("people.end_own_session", permission.anyone)
    permission.register("people.keep_second_factor", permission.anyone)
    permission.register("people.keep_tokens", permission.oneself)
    permission.register("people.end_token", permission.is_security_administrator)
    permission.register("people.end_session", permission.is_security_administrator)
    # One's own is not reset but removed, with the password.
    permission.register(
        "people.reset_second_factor", permission.is_security_administrator & ~permission.oneself
    )
    permission.register(
        "people.see_sign_ins", permission.is_auditor | permission.is_security_administrator
    )
