"""What a password must be, where Django's own words know no Chinese."""

from django.contrib.auth.password_validation import MinimumLengthValidator
from django.utils.translation import gettext as _


class LongEnoughValidator(MinimumLengthValidator):
    """Django's rule in our words."""

    def get_error_message(self) -> str:
        """What to tell who chose a short one."""
        return _("The password is too short: it needs at least %(count)s characters.") % {
            "count": self.min_length
        }

    def get_help_text(self) -> str:
        """What to tell beforehand."""
        return self.get_error_message()
