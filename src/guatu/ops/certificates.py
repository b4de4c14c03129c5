"""An authority of this installation's own, so that the gateway speaks TLS from the start.

A deployment with a certificate of its own names it in GUATU_GATEWAY_CERT and GUATU_GATEWAY_TLS_KEY.
"""

import ipaddress
import os
import socket
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import NamedTuple

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

VALID_DAYS = 825
"""The longest life browsers and most client libraries accept for a private server certificate."""
RENEW_DAYS = 30


class Certificate(NamedTuple):
    """Paths of a server's certificate chain and key, and of the authority that vouches for it."""

    authority: Path
    chain: Path
    key: Path


def server_certificate(folder: Path, *, host: str, at: datetime) -> Certificate:
    """Give the gateway's certificate, made on first use and renewed before it ends.

    Args:
        folder: where the certificate lives; keys in it are readable by their owner only.
        host: the address plants will call it by, beside this machine's own names.
        at: the moment of asking.
    """
    paths = Certificate(folder / "ca.pem", folder / "gateway.pem", folder / "gateway.key")
    if all(path.exists() for path in paths) and _still_good(paths.chain, host, at):
        return paths
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    ca_key, key = ec.generate_private_key(ec.SECP256R1()), ec.generate_private_key(ec.SECP256R1())
    ca_name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Guatu local authority")])
    ca = (
        _builder(ca_name, ca_name, ca_key.public_key(), at)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(_usage(signs=True), critical=True)
        .add_extension(
            x509.SubjectKeyIdentifier.from_public_key(ca_key.public_key()), critical=False
        )
        .sign(ca_key, hashes.SHA256())
    )
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Guatu gateway")])
    leaf = (
        _builder(name, ca_name, key.public_key(), at)
        .add_extension(x509.SubjectAlternativeName(_names(host)), critical=False)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(_usage(signs=False), critical=True)
        .add_extension(
            x509.AuthorityKeyIdentifier.from_issuer_public_key(ca_key.public_key()), critical=False
        )
        .sign(ca_key, hashes.SHA256())
    )
    # The authority's key is not kept: nothing else is ever to be signed with it.
    _write(paths.key, _pem(key), 0o600)
    _write(paths.authority, ca.public_bytes(serialization.Encoding.PEM), 0o644)
    _write(paths.chain, leaf.public_bytes(serialization.Encoding.PEM), 0o644)
    return paths


def _still_good(chain: Path, host: str, at: datetime) -> bool:
    certificate = x509.load_pem_x509_certificate(chain.read_bytes())
    names = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    if not set(_names(host)) <= set(names):
        return False
    return certificate.not_valid_after_utc - at > timedelta(days=RENEW_DAYS)


def _builder(
    subject: x509.Name, issuer: x509.Name, key: ec.EllipticCurvePublicKey, at: datetime
) -> x509.CertificateBuilder:
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key)
        .serial_number(x509.random_serial_number())
        .not_valid_before(at.astimezone(UTC) - timedelta(days=1))
        .not_valid_after(at.astimezone(UTC) + timedelta(days=VALID_DAYS))
    )


def _usage(*, signs: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=not signs,
        key_cert_sign=signs,
        crl_sign=signs,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        encipher_only=False,
        decipher_only=False,
    )


def _names(host: str) -> list[x509.GeneralName]:
    names: list[x509.GeneralName] = []
    for name in dict.fromkeys(["localhost", socket.gethostname(), "127.0.0.1", "::1", host]):
        try:
            names.append(x509.IPAddress(ipaddress.ip_address(name)))
        except ValueError:
            names.append(x509.DNSName(name))
    return names


def _pem(key: ec.EllipticCurvePrivateKey) -> bytes:
    return key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )


def _write(path: Path, content: bytes, mode: int) -> None:
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, mode)
    with os.fdopen(handle, "wb") as file:
        file.write(content)
