#!/usr/bin/env python3
"""Checks an export of the audit log: verify.py EXPORT.zip --key KEYFILE [--checkpoint KEPT_NOTE]

Written from docs/export-format.md alone, with Python's standard library alone, so that whoever
doubts Concord need not believe a line of it. One line for each check. Exit code: 0 all is as it
should be, 1 something is not, 2 what was given cannot be read.
"""

import argparse
import base64
import hashlib
import io
import json
import re
import sys
import zipfile
import zlib
from collections import Counter
from itertools import islice, pairwise

FORMAT = "concord-export/1"
LOGS = ("cases", "outbox", "access")
UNNAMED = {"manifest.json", "manifest.sig"}  # the two that the manifest does not name
ALWAYS = UNNAMED | {"README.txt", "keys.txt", "proofs.json"} | {f"logs/{log}.tsv" for log in LOGS}
KNOWN = re.compile(
    r"checkpoints/\d{8}\.txt|attachments/[0-9a-f]{64}|schemas/[\w.-]+/v\d+\.json|(cases|duties)/[\w.-]+\.html")
INSTANT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z")
FILE = re.compile(rb'"sha256":"([0-9a-f]{64})"')  # how a document names one of its files
LONGEST_LINE = 1 << 24  # no message is near 16 MiB; a longer line is not read into memory
NOT_CHECKED = (
    "whether the rules allowed each fact: the rules are not folded here",
    "whether events keep to schemas/, and whether cases/*.html and duties/*.html tell what the facts say",
    "whether anything came after the newest checkpoint",
)


class Wrong(Exception):
    """Something is not as it should be: what, and where."""


class Skipped(Exception):
    """A check could not be made, because of one that failed before it."""


# Ed25519, verification alone: RFC 8032 §5.1, without the cofactor.
P = 2**255 - 19
L = 2**252 + 27742317777372353535851937790883648493
D = -121665 * pow(121666, -1, P) % P
ROOT_OF_MINUS_1 = pow(2, (P - 1) // 4, P)


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
        x = x * ROOT_OF_MINUS_1 % P
    if y >= P or (x * x - square) % P or (x == 0 and sign):
        raise ValueError("not a point of the curve")
    x = P - x if x & 1 != sign else x
    return x, y, 1, x * y % P


BASE = decompressed((4 * pow(5, -1, P) % P).to_bytes(32, "little"))


def is_signed(public, message, signature):
    scalar = int.from_bytes(signature[32:], "little")
    if len(signature) != 64 or scalar >= L:
        return False
    digest = hashlib.sha512(signature[:32] + public + message).digest()
    x, y, z, t = decompressed(public)
    product = times(int.from_bytes(digest, "little") % L, (P - x, y, z, P - t))
    return compressed(add(times(scalar, BASE), product)) == signature[:32]


def unbase64(text, length):
    data = base64.b64decode(text, validate=True)
    if len(data) != length:
        raise ValueError(f"`{text}` holds {len(data)} bytes and not {length}")
    return data


def public_key(line):
    """`<name>+<id>+<base64>` as ((name, id), key)."""
    name, told, encoded = line.strip().split("+", 2)
    key = unbase64(encoded, 33)
    identity = hashlib.sha256(f"{name}\n".encode() + key).digest()[:4]
    if key[0] != 1 or identity.hex() != told:
        raise ValueError(f"`{line}` is no Ed25519 key, or its id is not that of the key")
    return (name, identity), key[1:]


def opened(where, note, trusted):
    """The text of a signed note, if it is believed."""
    text, gap, signatures = note.decode().rpartition("\n\n")
    signers = 0
    for line in signatures.removesuffix("\n").split("\n") if gap else ():
        dash, name, encoded = line.split(" ")
        signature = unbase64(encoded, 68)
        if dash != "—":
            raise Wrong(f"{where}: `{line}` is no signature")
        if key := trusted.get((name, signature[:4])):
            if not is_signed(key, f"{text}\n".encode(), signature[4:]):
                raise Wrong(f"{where}: the signature of {name} is wrong")
            signers += 1
    if not signers:
        raise Wrong(f"{where}: no trusted key has signed it; trusted here: {names(trusted)}")
    return text


def names(keys):
    return ", ".join(f"{name}+{identity.hex()}" for name, identity in keys)


class Checkpoint:
    def __init__(self, where, note):
        lines = note.decode().rpartition("\n\n")[0].split("\n")
        self.origin, cases, root, outbox, access, number, time, previous, *keys = lines
        self.sizes, self.roots = {}, {}
        for log, line in zip(LOGS, (f"cases {cases} {root}", outbox, access)):
            name, size, root = line.split(" ")
            if name != log:
                raise Wrong(f"{where}: `{line}` stands where the size of {log} should")
            self.sizes[log], self.roots[log] = decimal(size), unbase64(root, 32)
        fields = [line.split(" ", 1) for line in (number, time, previous, *keys)]
        if [name for name, _ in fields] != ["number", "time", "previous"] + ["key"] * len(keys) or not keys:
            raise Wrong(f"{where}: it needs number, time, previous and its keys, in this order")
        self.number, self.time = decimal(fields[0][1]), instant(fields[1][1])
        self.previous = unbase64(fields[2][1], 32)
        self.keys = dict(public_key(key) for _, key in fields[3:])
        self.where, self.note, self.digest = where, note, hashlib.sha256(note).digest()


def decimal(text):
    if not re.fullmatch(r"0|[1-9][0-9]*", text):
        raise ValueError(f"`{text}` is not a number")
    return int(text)


def instant(text):
    """What instants are compared by: their seconds, then their fraction without closing zeros."""
    if not INSTANT.fullmatch(text):
        raise ValueError(f"`{text}` is not an instant in UTC")
    return text[:19], text[20:-1].rstrip("0")


def node(left, right):
    return hashlib.sha256(b"\x01" + left + right).digest()


def is_beginning(old, old_root, new, new_root, proof):
    """The consistency proof of RFC 6962, verified as in RFC 9162 §2.1.4.2."""
    if old == 0 or old == new:
        return not proof and old_root == (new_root if old else hashlib.sha256().digest())
    path = ([old_root] if old & (old - 1) == 0 else []) + proof
    first, second = old - 1, new - 1
    while first & 1:
        first, second = first >> 1, second >> 1
    if not path:
        return False
    left = right = path[0]
    for step in path[1:]:
        if second == 0:
            return False
        if first & 1 or first == second:
            left, right = node(step, left), node(step, right)
            while first and not first & 1:
                first, second = first >> 1, second >> 1
        else:
            right = node(right, step)
        first, second = first >> 1, second >> 1
    return second == 0 and left == old_root and right == new_root


def root_of(size, leaves, proof):
    """The root of a tree out of some of its leaves, (index, hash) ascending, and hashes for the rest."""
    leaf, rest = next(leaves, None), iter(proof)

    def root(start, end):
        nonlocal leaf
        if leaf is None or leaf[0] >= end:
            if (given := next(rest, None)) is None:
                raise Wrong(f"sequences {start + 1} to {end} are neither in the file nor in proofs.json")
            return given
        if end - start == 1:
            found, leaf = leaf[1], next(leaves, None)
            return found
        middle = start + (1 << (end - start - 1).bit_length() - 1)
        return node(root(start, middle), root(middle, end))

    made = root(0, size) if size else hashlib.sha256().digest()
    if leaf is not None:
        raise Wrong(f"sequence {leaf[0] + 1} is after the checkpoint, which has {size} messages")
    if next(rest, None) is not None:
        raise Wrong("proofs.json names more hashes than its tree needs")
    return made


class Export:
    """An export and what of it has been believed so far."""

    def __init__(self, path, keys, kept):
        self.zip, self.given, self.kept_note = zipfile.ZipFile(path), keys, kept
        self.manifest_bytes = self.zip.read("manifest.json")
        self.manifest = json.loads(self.manifest_bytes)
        if self.manifest["format"] != FORMAT:
            raise ValueError(f"its format is {self.manifest['format']}; this program reads {FORMAT}")
        self.scope = self.manifest["scope"]["kind"]
        self.checkpoints, self.named, self.kept = [], {}, None
        self.whole, self.subjects, self.numbers, self.digests = set(), {}, {}, set()

    def trusted(self, number):
        """The keys that count for the checkpoint of this number, as the believed ones before it say."""
        before = [one for one in self.checkpoints if one.number < number]
        return before[-1].counting if before else self.given

    def newest(self):
        if not self.checkpoints or self.checkpoints[-1].number != self.manifest["checkpoint"]:
            raise Skipped("the newest checkpoint is not believed")
        return self.checkpoints[-1]

    def believed_facts(self):
        if "cases" not in self.whole:
            raise Skipped("logs/cases.tsv is not believed")

    def structure(self):
        files, found = self.manifest["files"], [entry.filename for entry in self.zip.infolist()]
        if twice := [name for name, times in Counter(found).items() if times > 1]:
            raise Wrong(f"{twice[0]}: it is there more than once")
        for name in sorted({*found, *files, *ALWAYS}):
            if name not in ALWAYS and not KNOWN.fullmatch(name):
                raise Wrong(f"{name}: the format knows no such file")
            if name not in found:
                raise Wrong(f"{name}: it is missing")
            if (name in files) == (name in UNNAMED):
                raise Wrong(f"{name}: the manifest {'names itself' if name in files else 'does not name it'}")
        return f"{len(found)} files, all named by the manifest; scope: {self.scope}"

    def contents(self):
        for name, promised in self.manifest["files"].items():
            if name not in self.zip.NameToInfo:
                continue  # the structure says so
            digest, length = hashlib.sha256(), 0
            with self.zip.open(name) as file:
                while (piece := file.read(1 << 20)) and length <= promised["bytes"]:
                    digest.update(piece)
                    length += len(piece)
            if (length, digest.hexdigest()) != (promised["bytes"], promised["sha256"]):
                raise Wrong(f"{name}: its content is not the one that the manifest names")
        return f"{len(self.manifest['files'])} files have the length and the SHA-256 of the manifest"

    def signed_checkpoints(self):
        files = sorted(name for name in self.zip.namelist() if name.startswith("checkpoints/"))
        for where in files:
            one = Checkpoint(where, self.zip.read(where))
            counting = self.trusted(one.number)
            opened(where, one.note, counting)
            if where != f"checkpoints/{one.number:08}.txt" or one.origin != self.manifest["origin"]:
                raise Wrong(f"{where}: it says number {one.number} of {one.origin}")
            if one.number == 1 and any(one.previous):
                raise Wrong(f"{where}: the first has nothing before it")
            for before in self.checkpoints[-1:]:
                if one.number == before.number + 1 and one.previous != before.digest:
                    raise Wrong(f"{where}: `previous` is not the digest of {before.where}")
                if one.time < before.time or any(one.sizes[log] < before.sizes[log] for log in LOGS):
                    raise Wrong(f"{where}: a size or the time is less than in {before.where}")
            one.counting = {name: key for name, key in counting.items() if name not in self.named} | one.keys
            self.named |= one.keys
            self.checkpoints.append(one)
        if not files or self.checkpoints[-1].number != self.manifest["checkpoint"]:
            raise Wrong(f"checkpoints/: the newest is not {self.manifest['checkpoint']}, as the manifest says")
        return f"{len(files)} in order and signed; number {one.number} of {'T'.join(one.time)[:19]}Z"

    def signature(self):
        counting = self.trusted(self.newest().number + 1)
        text = opened("manifest.sig", self.zip.read("manifest.sig"), counting)
        if text != f"{FORMAT}\n{hashlib.sha256(self.manifest_bytes).hexdigest()}":
            raise Wrong("manifest.sig: it is not over this manifest.json")
        return f"manifest.sig is over this manifest; trusted: {names(counting)}"

    def consistency(self):
        self.newest()
        proofs = json.loads(self.zip.read("proofs.json"))["consistency"]
        between = list(pairwise(self.checkpoints))
        if [(one["from"], one["to"]) for one in proofs] != [(a.number, b.number) for a, b in between]:
            raise Wrong("proofs.json: `consistency` does not connect each two neighbours, in their order")
        for proof, (old, new) in zip(proofs, between):
            for log in LOGS:
                path = [unbase64(one, 32) for one in proof[log]]
                if not is_beginning(old.sizes[log], old.roots[log], new.sizes[log], new.roots[log], path):
                    raise Wrong(f"proofs.json: {log} of {old.where} is not the beginning of that of {new.where}")
        return f"{len(proofs)} proofs: each checkpoint contains the one before it"

    def kept_note_itself(self):
        kept = Checkpoint("the kept checkpoint", self.kept_note)
        opened(kept.where, kept.note, self.trusted(kept.number))
        if kept.origin != self.manifest["origin"]:
            raise Wrong(f"the kept checkpoint is of {kept.origin}, the export of {self.manifest['origin']}")
        self.kept = kept
        for one in self.checkpoints:
            if one.number == kept.number and one.note != kept.note:
                raise Wrong(f"{one.where} is not the kept checkpoint, which has the same number")
            low, high = sorted((one, kept), key=lambda it: it.number)
            if any(low.sizes[log] > high.sizes[log] for log in LOGS):
                raise Wrong(f"{one.where} and the kept checkpoint, number {kept.number}: a log has shrunk")
        return f"number {kept.number}, signed by a trusted key; the checkpoints do not contradict it"

    def leaves(self, log, look=lambda subject, message: None):
        """(index, hash) of the messages of a log, each shown to `look` first."""
        last, where = 0, f"logs/{log}.tsv"
        with self.zip.open(where) as file:
            lines = io.BufferedReader(file, 1 << 18)
            while line := lines.readline(LONGEST_LINE):
                try:
                    sequence, subject, message = line.removesuffix(b"\n").split(b"\t")
                    after, last = last, decimal(sequence.decode())
                    if not line.endswith(b"\n") or last <= after or self.scope == "all" and last != after + 1:
                        raise Wrong(f"it stands after {after}, or does not end")
                    look(subject.decode(), message)
                except (Wrong, ValueError, KeyError, TypeError) as bad:
                    told = line.partition(b"\t")[0][:20].decode(errors="replace")
                    raise Wrong(f"{where}, sequence {told}: {bad}") from bad
                yield last - 1, hashlib.sha256(b"\0" + subject + b"\n" + message).digest()

    def log(self, log):
        newest, counted = self.newest(), [0]
        proof = [unbase64(one, 32) for one in json.loads(self.zip.read("proofs.json"))["parts"][log]]

        def look(subject, message):
            counted[0] += 1
            if log == "cases":
                self.fact(subject, message)

        if root_of(newest.sizes[log], self.leaves(log, look), proof) != newest.roots[log]:
            raise Wrong(f"logs/{log}.tsv: its messages do not make the root that {newest.where} names")
        if counted[0] != self.manifest["messages"][log]:
            raise Wrong(f"logs/{log}.tsv: {counted[0]} messages; the manifest says {self.manifest['messages'][log]}")
        self.whole.add(log)
        return f"{counted[0]} of {newest.sizes[log]} messages make the root of checkpoint {newest.number}"

    def kept_roots(self):
        if not self.kept:
            raise Skipped("the kept checkpoint is not believed")
        for log, size in self.kept.sizes.items():
            if size > self.newest().sizes[log]:
                raise Wrong(f"logs/{log}.tsv: it ends before the kept checkpoint, which has {size} messages")
            if root_of(size, islice(self.leaves(log), size), []) != self.kept.roots[log]:
                raise Wrong(f"logs/{log}.tsv: its first {size} messages are not those of the kept checkpoint")
        return f"the logs begin as checkpoint {self.kept.number} says"

    def fact(self, subject, message):
        """One event: its place in the chain of its subject, and what later checks need of it."""
        event = json.loads(message)
        version, time = event["version"], instant(event["recordedtime"])
        if event["specversion"] != "1.0" or event["subject"] != subject:
            raise Wrong("it is no CloudEvent 1.0 of this subject")
        last = self.subjects.get(subject)
        if last is None and self.scope == "period" and version > 1:
            last = version - 1, event["previoushash"], time
        before, digest, earlier = last or (0, "0" * 64, time)
        if version != before + 1:
            raise Wrong(f"version {version} of {subject} after {before}")
        if event["previoushash"] != digest:
            raise Wrong(f"version {version} of {subject}: previoushash is not that of the event before it")
        if time < earlier:
            raise Wrong(f"version {version} of {subject}: recorded before the event before it")
        self.subjects[subject] = version, hashlib.sha256(message).hexdigest(), time
        if event["type"].startswith("vn.concord.intake.numbered."):
            prefix, year, rank = event["data"]["code"].split("-")
            if prefix != "VV" or int(rank) in (ranks := self.numbers.setdefault(year, set())):
                raise Wrong(f"the case number {event['data']['code']} is given twice, or is none")
            ranks.add(int(rank))
        self.digests.update(FILE.findall(message))

    def case_numbers(self):
        self.believed_facts()
        for year, ranks in sorted(self.numbers.items()):
            if gap := next((one for one in range(1, len(ranks) + 1) if one not in ranks), None):
                raise Wrong(f"VV-{year}-{gap:05}: there is no case of this number, but one of a higher")
        return f"{sum(map(len, self.numbers.values()))} without a gap in {len(self.numbers)} years"

    def attachments(self):
        self.believed_facts()
        stored = {name[12:] for name in self.zip.namelist() if name.startswith("attachments/")}
        for name in sorted(stored):
            with self.zip.open(f"attachments/{name}") as file:
                if hashlib.file_digest(file, "sha256").hexdigest() != name:
                    raise Wrong(f"attachments/{name}: its content has another digest")
            if name.encode() not in self.digests:
                raise Wrong(f"attachments/{name}: no document of the export names it")
        return f"{len(stored)} have the content that documents name; {len(self.digests) - len(stored)} are not enclosed"


def verify(export, say=print):
    """Makes every check and says what came of it. Whether all is as it should be."""
    checks = [("structure", export.structure), ("contents", export.contents),
              ("checkpoints", export.signed_checkpoints), ("signature", export.signature),
              ("consistency", export.consistency)]
    checks += [(f"log {log}", lambda log=log: export.log(log)) for log in LOGS]
    checks += [("attachments", export.attachments)]
    unchecked = list(NOT_CHECKED)
    if export.scope == "all":
        checks += [("case numbers", export.case_numbers)]
    else:
        unchecked += ["whether case numbers have a gap: only an export of all shows it"]
    if export.kept_note is None:
        unchecked += ["whether the log is the one of yesterday: give a kept checkpoint with --checkpoint"]
    else:
        checks += [("kept checkpoint", export.kept_note_itself)]
        if export.scope == "all":
            checks += [("kept roots", export.kept_roots)]
        else:
            unchecked += ["whether the log begins as the kept checkpoint says: only an export of all shows it"]
    good = True
    for name, check in checks:
        try:
            say(f"ok      {name}: {check()}")
        except Skipped as why:
            good = False
            say(f"SKIPPED {name}: {why}")
        except Wrong as wrong:
            good = False
            say(f"WRONG   {name}: {wrong}")
        except (KeyError, TypeError, ValueError, AttributeError, zipfile.BadZipFile, zlib.error, EOFError) as bad:
            good = False
            say(f"WRONG   {name}: not as the format says: {type(bad).__name__}: {bad}")
    for one in unchecked:
        say(f"not checked: {one}")
    say("PASSED / ĐẠT" if good else "FAILED / KHÔNG ĐẠT")
    return good


def main(arguments=None):
    parser = argparse.ArgumentParser(description="Checks an export of the audit log of Concord.")
    parser.add_argument("export", help="the ZIP file")
    parser.add_argument("--key", required=True, help="file with the public keys you were given, one a line")
    parser.add_argument("--checkpoint", help="file with a checkpoint that you have kept")
    asked = parser.parse_args(arguments)
    try:
        with open(asked.key, encoding="utf-8") as file:
            keys = dict(public_key(line) for line in file if line.strip() and not line.startswith("#"))
        kept = None
        if asked.checkpoint:
            with open(asked.checkpoint, "rb") as file:
                kept = file.read().replace(b"\r\n", b"\n")  # mail programs end lines as they like
        export = Export(asked.export, keys, kept)
    except (OSError, ValueError, KeyError, TypeError, zipfile.BadZipFile, zlib.error) as bad:
        print(f"cannot be read: {bad}", file=sys.stderr)
        return 2
    return 0 if verify(export) else 1


if __name__ == "__main__":
    sys.exit(main())
