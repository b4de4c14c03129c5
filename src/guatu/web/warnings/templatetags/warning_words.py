"""Filters of the warning pages."""

from django import template

register = template.Library()


@register.filter
def phone_digits(number: str) -> str:
    """`{{ contact.phone|phone_digits }}`: what a telephone dials, without spaces and words."""
    return "".join(sign for sign in str(number) if sign in "+0123456789")
