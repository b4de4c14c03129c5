"""Secrets that must be read again, sealed with the installation's key: the database tells none."""

from base64 import urlsafe_b64encode

from cryptography.fernet import Fernet, InvalidToken
from django.utils.crypto import salted_hmac


class OtherKeyError(Exception):
    """It was sealed with another key than this installation's."""


def seal(secret: str, *, purpose: str) -> str:
    """Seal a secret.

    Args:
        secret: as it is.
        purpose: what it is for; one sealed for another purpose cannot be opened.
    """
    return _box(purpose).encrypt(secret.encode()).decode()


def unseal(sealed: str, *, purpose: str) -> str:
    """Read a sealed secret; the arguments as `seal`.

    Raises:
        OtherKeyError: if it was sealed with another key or for another purpose.
    """
    try:
        return _box(purpose).decrypt(sealed.encode()).decode()
    except InvalidToken as error:
        raise OtherKeyError(purpose) from error


def _box(purpose: str) -> Fernet:
    key = salted_hmac(purpose, "seal", algorithm="sha256").digest()
    return Fernet(urlsafe_b64encode(key))
