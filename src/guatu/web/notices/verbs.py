"""The verbs of this app and who may do them."""

from guatu.web.people import permission
from guatu.web.people.permission import is_administrator, is_auditor


def register() -> None:
    """Enter this app's verbs in the table."""
    permission.register("notices.keep_preference", permission.oneself)
    permission.register("notices.keep_hook", is_administrator)
    permission.register("notices.see_deliveries", is_administrator | is_auditor)
