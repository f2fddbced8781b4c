"""Plain ECDSA signatures as TSEs make them (BSI TR-03111, 5.2.1): r and s side by side, no DER around them."""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature, encode_dss_signature
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from drivers.errors import CodecError


@dataclass(frozen=True, slots=True)
class Algorithm:
    """A signature algorithm: its object identifier, its name as printed in the QR code, its hash."""

    oid: str
    name: str
    hash: Callable[[], hashes.HashAlgorithm]


_BASE: Final = "0.4.0.127.0.7.1.1.4.1"  # ecdsa-plain-signatures
ALGORITHMS: Final = tuple(
    Algorithm(f"{_BASE}.{arc}", f"ecdsa-plain-{name}", algorithm)
    for arc, name, algorithm in (
        (2, "SHA224", hashes.SHA224),
        (3, "SHA256", hashes.SHA256),
        (4, "SHA384", hashes.SHA384),
        (5, "SHA512", hashes.SHA512),
        (8, "SHA3-224", hashes.SHA3_224),
        (9, "SHA3-256", hashes.SHA3_256),
        (10, "SHA3-384", hashes.SHA3_384),
        (11, "SHA3-512", hashes.SHA3_512),
    )
)
_BY_OID: Final = {algorithm.oid: algorithm for algorithm in ALGORITHMS}
_BY_NAME: Final = {algorithm.name.lower(): algorithm for algorithm in ALGORITHMS}

#: The curves seen in TSEs, by the names of their standards.
CURVES: Final[dict[str, Callable[[], ec.EllipticCurve]]] = {
    "secp256r1": ec.SECP256R1,
    "secp384r1": ec.SECP384R1,
    "brainpoolP256r1": ec.BrainpoolP256R1,
    "brainpoolP384r1": ec.BrainpoolP384R1,
    "brainpoolP512r1": ec.BrainpoolP512R1,
}


def by_oid(oid: str) -> Algorithm:
    """The algorithm with this object identifier. Raises CodecError for one that cannot be checked here."""
    try:
        return _BY_OID[oid]
    except KeyError:
        raise CodecError(f"the signature algorithm {oid} is not known") from None


def by_name(name: str) -> Algorithm:
    """The algorithm with this name, in any case. Raises CodecError for one that cannot be checked here."""
    try:
        return _BY_NAME[name.lower()]
    except KeyError:
        raise CodecError(f"the signature algorithm {name!r} is not known") from None


def for_curve(curve: ec.EllipticCurve) -> Algorithm:
    """The algorithm that goes with a curve: the SHA-2 hash as long as its numbers."""
    return by_name(f"ecdsa-plain-SHA{min(curve.key_size, 512)}")


def load_point(point: bytes) -> ec.EllipticCurvePublicKey:
    """The public key of an uncompressed point (04, X, Y). The curve is not told: it is the one the point lies on."""
    for make in CURVES.values():
        curve = make()
        if len(point) == 1 + 2 * _size(curve) and point[0] == 4:
            try:
                return ec.EllipticCurvePublicKey.from_encoded_point(curve, point)
            except (ValueError, UnsupportedAlgorithm):  # not on this curve
                continue
    raise CodecError("the public key is no point of a curve that TSEs use")


def point_of(key: ec.EllipticCurvePublicKey) -> bytes:
    """The uncompressed point of a public key."""
    return key.public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)


def serial_of(point: bytes) -> bytes:
    """The serial number of a TSE: the SHA-256 of its public key point (TR-03151)."""
    return hashlib.sha256(point).digest()


def sign(key: ec.EllipticCurvePrivateKey, algorithm: Algorithm, signed: bytes) -> bytes:
    """A plain signature over `signed`."""
    r, s = decode_dss_signature(key.sign(signed, ec.ECDSA(algorithm.hash())))
    size = _size(key.curve)
    return r.to_bytes(size, "big") + s.to_bytes(size, "big")


def verify(key: ec.EllipticCurvePublicKey, algorithm: Algorithm, signed: bytes, signature: bytes) -> bool:
    """Whether this plain signature was made over `signed` with the key."""
    size = _size(key.curve)
    if len(signature) != 2 * size:
        return False
    r, s = int.from_bytes(signature[:size], "big"), int.from_bytes(signature[size:], "big")
    try:
        key.verify(encode_dss_signature(r, s), signed, ec.ECDSA(algorithm.hash()))
    except InvalidSignature:
        return False
    return True


def _size(curve: ec.EllipticCurve) -> int:
    return (curve.key_size + 7) // 8
