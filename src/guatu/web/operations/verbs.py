"""The verbs of this app and who may do them."""

from guatu.web.people import permission


def register() -> None:
    """Enter this app's verbs in the table."""
    permission.register("operations.see", permission.is_administrator | permission.is_supervisor)
