"""The verbs of this app and who may do them."""

from guatu.web.people import permission
from guatu.web.people.models import Role


def register() -> None:
    """Enter this app's verbs in the table."""
    permission.register("audit.see", permission.is_auditor)
    # Whoever sees a record sees what was done to it, on its own page; not from where.
    permission.register("audit.see_history", permission.role(*Role))
