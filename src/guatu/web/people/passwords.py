"""What a password must be, where Django's own words know no Chinese."""

from django.contrib.auth.password_validation import MinimumLengthValidator
from django.core.exceptions import ValidationError
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


class NotPastValidator:
    """Refuses the passwords that an account had lately."""

    def validate(self, password: str, user: object = None) -> None:
        """Hold a password against the last few; whoever has no account yet had none."""
        # The validators are named in the settings and loaded before models are.
        from guatu.web.people.models import User  # noqa: PLC0415
        from guatu.web.people.password_history import was_used  # noqa: PLC0415

        if isinstance(user, User) and user.password and was_used(user, password):
            raise ValidationError(self.get_help_text(), code="password_used")

    def get_help_text(self) -> str:
        """What to tell beforehand."""
        return _("You had this password lately. Choose one that you have not used here.")
