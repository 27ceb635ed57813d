"""Signed notes (C2SP `signed-note`) and the checkpoints in them, as docs/export-format.md describes both.

Ed25519 of RFC 8032 in plain Python: enough for a checkpoint a minute. It is not hardened against
who measures time; whoever has a crypto library at hand puts it here.
"""

import base64
import hashlib
from dataclasses import dataclass

P = 2**255 - 19
L = 2**252 + 27742317777372353535851937790883648493
D = -121665 * pow(121666, -1, P) % P


class Unbelievable(Exception):
    """A note, a message or an answer is not what it must be; the text says what, and where."""


def add(p, q):
    a, b = (p[1] - p[0]) * (q[1] - q[0]) % P, (p[1] + p[0]) * (q[1] + q[0]) % P
    c, d = 2 * p[3] * q[3] * D % P, 2 * p[2] * q[2] % P
    e, f, g, h = b - a, d - c, d + c, b + a
    return e * f % P, g * h % P, f * g % P, e * h % P


def times(scalar, point):
    total = (0, 1, 1, 0)
    while scalar:
        if scalar & 1:
            total = add(total, point)
        point, scalar = add(point, point), scalar >> 1
    return total


def compressed(point):
    inverse = pow(point[2], -1, P)
    x, y = point[0] * inverse % P, point[1] * inverse % P
    return (y | (x & 1) << 255).to_bytes(32, "little")


def decompressed(data):
    number = int.from_bytes(data, "little")
    sign, y = number >> 255, number & (1 << 255) - 1
    square = (y * y - 1) * pow(D * y * y + 1, -1, P) % P
    x = pow(square, (P + 3) // 8, P)
    if (x * x - square) % P:
        x = x * pow(2, (P - 1) // 4, P) % P
    if y >= P or (x * x - square) % P or (x == 0 and sign):
        raise Unbelievable("a key or signature is not a point of the curve")
    x = P - x if x & 1 != sign else x
    return x, y, 1, x * y % P


BASE = decompressed((4 * pow(5, -1, P) % P).to_bytes(32, "little"))


def hashed(*parts):
    return int.from_bytes(hashlib.sha512(b"".join(parts)).digest(), "little")


def is_signed(public, message, signature):
    """Whether the 64 bytes are the signature of the 32-byte key over the message."""
    answer = int.from_bytes(signature[32:], "little")
    x, y, z, t = decompressed(public)
    product = times(hashed(signature[:32], public, message) % L, (P - x, y, z, P - t))
    return answer < L and compressed(add(times(answer, BASE), product)) == signature[:32]


def sign(seed, message):
    """The public half of a 32-byte seed, and its signature over the message."""
    half = hashlib.sha512(seed).digest()
    scalar = int.from_bytes(half[:32], "little") & ((1 << 254) - 8) | (1 << 254)
    public, nonce = compressed(times(scalar, BASE)), hashed(half[32:], message) % L
    point = compressed(times(nonce, BASE))
    answer = (nonce + hashed(point, public, message) * scalar) % L
    return public, point + answer.to_bytes(32, "little")


def public_keys(text):
    """A file of keys, `name+id+base64` a line, as {(name, id): key}."""
    lines = (line.strip() for line in text.splitlines())
    keys = {}
    for line in lines:
        if line and not line.startswith("#"):
            name, told, encoded = line.split("+", 2)
            key = base64.b64decode(encoded, validate=True)
            identity = hashlib.sha256(f"{name}\n".encode() + key).digest()[:4]
            if len(key) != 33 or key[0] != 1 or identity.hex() != told:
                raise Unbelievable(f"`{line}` is no Ed25519 key: copy the whole line of the .pub file")
            keys[name, identity] = key[1:]
    return keys


@dataclass
class Checkpoint:
    """How large the log of facts was at an instant, and its root. Those of the other logs are passed over."""

    origin: str
    size: int
    root: bytes
    number: int
    time: str

    @classmethod
    def opened(cls, note, trusted):
        """Reads a checkpoint, and believes it if a trusted key has signed it and none has signed it wrongly."""
        text, gap, signatures = note.decode().rpartition("\n\n")
        signers = 0
        for line in signatures.removesuffix("\n").split("\n") if gap else ():
            _, name, encoded = line.split(" ")
            signature = base64.b64decode(encoded, validate=True)
            if key := trusted.get((name, signature[:4])):
                if not is_signed(key, f"{text}\n".encode(), signature[4:]):
                    raise Unbelievable(f"the signature of {name} on the checkpoint is wrong")
                signers += 1
        if not signers:
            raise Unbelievable("no key that you trust has signed the checkpoint: give the installation's public key")
        origin, size, root, _outbox, _access, number, time, *_ = text.split("\n")
        return cls(origin, int(size), base64.b64decode(root), int(number.split(" ")[1]), time.split(" ")[1])
