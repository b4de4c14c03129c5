"""The network: a mail by SMTP, a call by HTTP. No database, so it may take its time in a thread."""

import base64
import hashlib
import hmac
import ipaddress
import json
import smtplib
import socket
from datetime import timedelta
from typing import Any, Final

import httpx
from django.conf import settings
from django.core.mail import BadHeaderError, EmailMessage, get_connection

from guatu.web.notices.delivering import Outcome
from guatu.web.notices.parcels import SECRET_MARK, Call, Mail, Parcel

TIMEOUT_S: Final = 10
READ: Final = 4096
GONE: Final = 410
LONGEST_WAIT: Final = timedelta(hours=1)


class ForbiddenAddressError(Exception):
    """An address that no hook may have."""


def send(parcel: Parcel) -> Outcome:
    """Send a parcel and tell how it went; whatever goes wrong is an outcome."""
    if parcel.content is None:
        return Outcome()
    try:
        if isinstance(parcel.content, Mail):
            return _mail(parcel.content)
        return _call(parcel.content)
    except ForbiddenAddressError as error:
        return Outcome(error=str(error), is_final=True)
    except (OSError, smtplib.SMTPException, httpx.HTTPError, httpx.InvalidURL) as error:
        return Outcome(error=f"{type(error).__name__}: {error}")
    except (BadHeaderError, ValueError, UnicodeError) as error:
        return Outcome(error=f"{type(error).__name__}: {error}", is_final=True)


def _mail(mail: Mail) -> Outcome:
    # The same number at every try: a mailbox shows a repeat once.
    domain = settings.DEFAULT_FROM_EMAIL.rpartition("@")[2].strip("> ") or "guatu"
    with get_connection(timeout=TIMEOUT_S) as connection:
        EmailMessage(
            subject=mail.subject,
            body=mail.text,
            to=[mail.to],
            connection=connection,
            headers={
                "Message-ID": f"<{mail.uid}@{domain}>",
                "Auto-Submitted": "auto-generated",
            },
        ).send()
    return Outcome()


def signature(secret: str, uid: str, at: int, body: bytes) -> str:
    """Sign a call as Standard Webhooks 1.0 says: HMAC-SHA256 over number, time and body.

    Args:
        secret: "whsec_" and base64.
        uid: number of the delivery.
        at: seconds since the epoch.
        body: as sent.
    """
    key = base64.b64decode(secret.removeprefix(SECRET_MARK))
    signed = hmac.new(key, f"{uid}.{at}.".encode() + body, hashlib.sha256).digest()
    return "v1," + base64.b64encode(signed).decode()


def _call(call: Call) -> Outcome:
    url = httpx.URL(call.url)
    address = resolved(url.host, url.port or (443 if url.scheme == "https" else 80))
    headers = {
        "Host": url.netloc.decode(),
        "Content-Type": "application/json; charset=utf-8",
        "User-Agent": "Guatu-Hook/1",
        "webhook-id": call.uid,
        "webhook-timestamp": str(call.at),
        "webhook-signature": signature(call.secret, call.uid, call.at, call.body),
    }
    # Connected to the very address that was looked at: a name may lead elsewhere a moment later.
    with (
        httpx.Client(timeout=TIMEOUT_S, follow_redirects=False, trust_env=False) as client,
        client.stream(
            "POST",
            url.copy_with(host=address),
            content=call.body,
            headers=headers,
            extensions={"sni_hostname": url.host},
        ) as response,
    ):
        said = _beginning(response)
        return _judged(url.host, response, said)


def resolved(host: str, port: int) -> str:
    """The address that a hook's host leads to.

    Raises:
        ForbiddenAddressError: if it is the machine itself or none that a hook may have, and the
            host is not named in GUATU_HOOK_HOSTS.
        OSError: if the name is not known.
    """
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    addresses = [str(one[4][0]) for one in found]
    if host in settings.HOOK_HOSTS:
        return addresses[0]
    for address in addresses:
        if _is_forbidden(ipaddress.ip_address(address.partition("%")[0])):
            raise ForbiddenAddressError(f"{host} is {address}: name it in GUATU_HOOK_HOSTS")
    return addresses[0]


def _is_forbidden(address: ipaddress.IPv4Address | ipaddress.IPv6Address) -> bool:
    """Tell whether an address leads into the machine itself, or to nobody's host.

    Gateways of an administration stand in its own network, so private addresses are allowed.
    """
    mapped = getattr(address, "ipv4_mapped", None) or address
    return bool(
        mapped.is_loopback
        or mapped.is_link_local
        or mapped.is_multicast
        or mapped.is_unspecified
        or mapped.is_reserved
    )


def _beginning(response: httpx.Response) -> bytes:
    found = b""
    for piece in response.iter_bytes(READ):
        found += piece
        if len(found) >= READ:
            break
    return found[:READ]


def _judged(host: str, response: httpx.Response, said: bytes) -> Outcome:
    text = " ".join(said.decode("utf-8", "replace").split())[:200]
    if not response.is_success:
        wait = response.headers.get("retry-after", "")
        return Outcome(
            error=f"HTTP {response.status_code} {text}",
            is_final=response.status_code == GONE,
            wait=_wait(wait),
        )
    # Group robots answer 200 whatever came of it, and say so in the body.
    return Outcome(error=text) if _is_refused(host, said) else Outcome()


def _wait(text: str) -> timedelta | None:
    if not text.isascii() or not text.isdigit() or len(text) > 6:
        return None
    return min(timedelta(seconds=int(text)), LONGEST_WAIT)


def _is_refused(host: str, said: bytes) -> bool:
    try:
        answer: Any = json.loads(said)
    except ValueError:
        return False
    if not isinstance(answer, dict):
        return False
    key = "code" if host.endswith((".feishu.cn", ".larksuite.com")) else "errcode"
    return answer.get(key, 0) not in {0, "0"}
