"""What nats-py asks of the package `nkeys`: to sign the server's challenge with the seed of an .nk file.

It stands in for that package, so that nothing has to be compiled; whoever has it installed removes this file.
"""

import base64

import notes

SEED, USER = 18 << 3, 20 << 3  # the letters S and U


class KeyPair:
    """The pair of a user."""

    def __init__(self, seed):
        self.seed = seed
        body = bytes([USER]) + notes.sign(seed, b"")[0]
        self.public_key = base64.b32encode(body + checksum(body).to_bytes(2, "little")).rstrip(b"=")

    def sign(self, challenge):
        return notes.sign(self.seed, challenge)[1]

    def wipe(self):
        """Python cannot wipe an immutable value; the process is short."""


def from_seed(text):
    """Reads `SU…`: two bytes that say what it is, 32 of the seed, and two of a checksum."""
    body = base64.b32decode(bytes(text) + b"=" * (-len(text) % 8))
    if body[0] & 0xF8 != SEED or (body[0] & 7) << 5 | body[1] >> 3 != USER:
        raise notes.Unbelievable("this is not the seed of a user: give the file auditor.nk")
    if len(body) != 36 or checksum(body[:-2]) != int.from_bytes(body[-2:], "little"):
        raise notes.Unbelievable("the seed is damaged: copy auditor.nk again")
    return KeyPair(body[2:34])


def checksum(data):
    """CRC-16 with the polynomial 0x1021, from zero."""
    crc = 0
    for byte in data:
        crc ^= byte << 8
        for _ in range(8):
            crc = (crc << 1 ^ (0x1021 if crc & 0x8000 else 0)) & 0xFFFF
    return crc
