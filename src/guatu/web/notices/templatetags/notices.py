"""What the bell needs on every page."""

from django import template
from django.template.context import Context

from guatu.web.notices import queries
from guatu.web.people.models import User

register = template.Library()


@register.simple_tag(takes_context=True)
def unread_notices(context: Context) -> str:
    """`{% unread_notices as unread %}`: how many the reader has not read, "99+" at most."""
    user = context.get("user")
    return queries.unread_word(user) if isinstance(user, User) else ""
