"""What people change about themselves beside the password."""

from django.core.validators import validate_email

from guatu.web.people import permission
from guatu.web.people.models import User


def change_own_email(email: str, *, by: User) -> User:
    """Change where one is written to; nothing opens by it: a lost password is not mailed.

    Args:
        email: the new address; "" for none.
        by: whose it is.

    Raises:
        PermissionDenied: if he may not.
        ValidationError: if it is no address.
    """
    permission.demand(by, "people.change_own_email", by)
    if email:
        validate_email(email)
    if email != by.email:
        by.email = email
        by.save(update_fields=["email"])
    return by
