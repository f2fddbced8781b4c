"""The key and the certificate of a software TSE, which say in every field that it is none."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from drivers.tse import signature
from drivers.tse.software._store import Store, StoreError

NAME: Final = "TSE SIMULATOR - NOT CERTIFIED"
_LIFETIME: Final = timedelta(days=5 * 365)


@dataclass(frozen=True, slots=True)
class SigningIdentity:
    """Who signs: key, certificate, and what follows from the key."""

    key: ec.EllipticCurvePrivateKey
    certificate: x509.Certificate
    algorithm: signature.Algorithm
    point: bytes
    serial: bytes

    @property
    def pem(self) -> str:
        """The certificate as text."""
        return self.certificate.public_bytes(serialization.Encoding.PEM).decode()


def load_or_create(store: Store, curve: str, now: datetime) -> SigningIdentity:
    """The identity kept in the store; made at the first start. Raises StoreError when the key is gone."""
    if curve not in signature.CURVES:
        raise StoreError(f"{curve!r} is no curve known here. Choose one of: {', '.join(signature.CURVES)}.")
    pem = store.read_once("key.pem")
    if pem is None:
        if not store.empty:
            raise StoreError(
                f"The key of this TSE ({store.directory / 'key.pem'}) is missing, but it has signed records. "
                "Restore it from a backup, or begin with an empty directory as a new TSE."
            )
        pem = ec.generate_private_key(signature.CURVES[curve]()).private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
        store.write_once("key.pem", pem)
    try:
        key = serialization.load_pem_private_key(pem, None)
    except (ValueError, TypeError) as error:
        raise StoreError(f"{store.directory / 'key.pem'} is damaged. Restore it from a backup.") from error
    if not isinstance(key, ec.EllipticCurvePrivateKey):
        raise StoreError(f"{store.directory / 'key.pem'} holds a key of another kind.")
    algorithm = signature.for_curve(key.curve)
    point = signature.point_of(key.public_key())
    serial = signature.serial_of(point)
    kept = store.read_once("certificate.pem")
    if kept is None:
        made = _certificate(key, serial, now)
        kept = made.public_bytes(serialization.Encoding.PEM)
        store.write_once("certificate.pem", kept)
    try:
        certificate = x509.load_pem_x509_certificate(kept)
    except ValueError as error:
        raise StoreError(f"{store.directory / 'certificate.pem'} is damaged. Delete it: a new one is made.") from error
    return SigningIdentity(key, certificate, algorithm, point, serial)


def _certificate(key: ec.EllipticCurvePrivateKey, serial: bytes, now: datetime) -> x509.Certificate:
    name = x509.Name(
        [x509.NameAttribute(NameOID.COMMON_NAME, NAME), x509.NameAttribute(NameOID.SERIAL_NUMBER, serial.hex())]
    )
    start = now.astimezone(UTC).replace(microsecond=0)
    return (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(start)
        .not_valid_after(start + _LIFETIME)
        .sign(key, hashes.SHA384())
    )
