"""Tags and filters for every page: levels, quantities, times, tables. Built in: no load needed."""

from django import template

register = template.Library()
