"""The verifier believes an export that is as docs/export-format.md says, and finds each kind of tampering."""

import base64
import hashlib
import io
import json
import tempfile
import unittest
import zipfile
from contextlib import redirect_stderr, redirect_stdout
from pathlib import Path

import verify

ORIGIN = "concord.test.example"
ZEROS = "0" * 64


class Key:
    """A signer of RFC 8032 §5.1.6, from a seed."""

    def __init__(self, seed, name=ORIGIN):
        half = hashlib.sha512(seed).digest()
        self.scalar = int.from_bytes(half[:32], "little") & ((1 << 254) - 8) | (1 << 254)
        self.prefix, self.name = half[32:], name
        self.public = verify.compressed(verify.times(self.scalar, verify.BASE))
        self.identity = hashlib.sha256(f"{name}\n".encode() + b"\x01" + self.public).digest()[:4]
        self.line = f"{name}+{self.identity.hex()}+" + encoded(b"\x01" + self.public)

    def sign(self, message):
        nonce = int.from_bytes(hashlib.sha512(self.prefix + message).digest(), "little") % verify.L
        point = verify.compressed(verify.times(nonce, verify.BASE))
        digest = hashlib.sha512(point + self.public + message).digest()
        answer = (nonce + int.from_bytes(digest, "little") * self.scalar) % verify.L
        return point + answer.to_bytes(32, "little")

    def signature(self, text):
        return f"— {self.name} {encoded(self.identity + self.sign(text))}\n".encode()


def encoded(data):
    return base64.b64encode(data).decode()


FIRST, SECOND, STRANGER = Key(b"1" * 32), Key(b"2" * 32), Key(b"3" * 32)


def note(text, keys):
    return text.encode() + b"\n" + b"".join(key.signature(text.encode()) for key in keys)


def sha(data):
    return hashlib.sha256(data).hexdigest()


# The tree by its definition, RFC 6962 §2.1: slow, and unlike the verifier's way.


def split(leaves):
    half = 1
    while half * 2 < len(leaves):
        half *= 2
    return leaves[:half], leaves[half:]


def root(leaves):
    if len(leaves) < 2:
        return leaves[0] if leaves else hashlib.sha256().digest()
    left, right = split(leaves)
    return hashlib.sha256(b"\x01" + root(left) + root(right)).digest()


def consistency(old, leaves, whole=True):
    if old == len(leaves):
        return [] if whole else [root(leaves)]
    left, right = split(leaves)
    if old <= len(left):
        return consistency(old, left, whole) + [root(right)]
    return consistency(old - len(left), right, False) + [root(left)]


def part(leaves, chosen, start=0):
    if not any(start <= one < start + len(leaves) for one in chosen):
        return [root(leaves)] if leaves else []
    if len(leaves) == 1:
        return []
    left, right = split(leaves)
    return part(left, chosen, start) + part(right, chosen, start + len(left))


def event(subject, version, previous, kind, data, minute):
    time = f"2026-05-17T06:{minute:02}:00Z"
    told = {"specversion": "1.0", "subject": subject, "version": version, "previoushash": previous,
            "recordedtime": time, "time": time, "type": f"vn.concord.{kind}.v1", "data": data}
    return json.dumps(told, separators=(",", ":"), sort_keys=True).encode()


class World:
    """Three logs, checkpoints over them while a key is replaced, and exports of them."""

    FILE = b"the content of a document"

    def __init__(self, codes=("VV-2026-00001", "VV-2026-00002"), change=lambda at, message: message):
        self.logs = {"cases": [], "outbox": [], "access": []}
        heads = {}
        document = {"document": {"attachments": [{"sha256": sha(self.FILE), "size": len(self.FILE)}]}}
        deeds = [("directory.main", "directory.policy-published", {}),
                 ("case.01.a", "intake.raised-by-phone", {}), ("case.02.b", "intake.raised-by-phone", {}),
                 ("case.01.a", "intake.numbered", {"code": codes[0]}),
                 ("case.02.b", "intake.numbered", {"code": codes[1]}),
                 ("case.01.a", "casefile.document-attached", document),
                 ("case.01.a", "routing.case-routed", {})]
        for at, (subject, kind, data) in enumerate(deeds):
            version, previous = heads.get(subject, (0, ZEROS))
            message = change(at, event(subject, version + 1, previous, kind, data, at))
            heads[subject] = version + 1, sha(message)
            self.logs["cases"].append((subject, message))
        self.logs["outbox"] = [(f"outbox.01.a.{mail}", b'{"state":"sent"}') for mail in "vwxyz"]
        self.logs["access"] = [("access.signed-in", b'{"who":"btg.hanh"}')]
        self.notes = []
        self.checkpoint((3, 0, 0), [FIRST], [FIRST])
        self.checkpoint((5, 3, 0), [FIRST], [FIRST, SECOND])
        self.checkpoint((7, 5, 1), [FIRST, SECOND], [SECOND])

    def leaves(self, log):
        return [hashlib.sha256(b"\0" + subject.encode() + b"\n" + message).digest()
                for subject, message in self.logs[log]]

    def checkpoint(self, sizes, keys, following, **other):
        told = {log: f"{size} {encoded(root(self.leaves(log)[:size]))}" for log, size in zip(verify.LOGS, sizes)}
        number = len(self.notes) + 1
        before = hashlib.sha256(self.notes[-1][1]).digest() if self.notes else bytes(32)
        said = {"number": number, "time": f"2026-05-17T06:{9 + number:02}:00.5Z", "previous": encoded(before)} | other
        lines = [ORIGIN, *told["cases"].split(" "), f"outbox {told['outbox']}", f"access {told['access']}"]
        lines += [f"{name} {value}" for name, value in said.items()]
        text = "".join(f"{line}\n" for line in lines + [f"key {key.line}" for key in following])
        self.notes.append((sizes, note(text, keys)))

    def files(self, scope="all", subjects=None):
        """The files of an export, without manifest."""
        files = {"README.txt": b"", "keys.txt": f"{FIRST.line}\n{SECOND.line}\n".encode(),
                 "schemas/intake.numbered/v1.json": b"{}", "cases/VV-2026-00001.html": b"<p>",
                 f"attachments/{sha(self.FILE)}": self.FILE}
        sizes = dict(zip(verify.LOGS, self.notes[-1][0]))
        parts = {}
        self.count = {}
        for log, messages in self.logs.items():
            chosen = [at for at, (subject, _) in enumerate(messages[:sizes[log]])
                      if scope == "all" or subject in subjects]
            lines = [f"{at + 1}\t{messages[at][0]}\t".encode() + messages[at][1] + b"\n" for at in chosen]
            files[f"logs/{log}.tsv"], self.count[log] = b"".join(lines), len(lines)
            parts[log] = [encoded(one) for one in part(self.leaves(log)[:sizes[log]], chosen)]
        between = []
        for number, ((old, _), (new, _)) in enumerate(zip(self.notes, self.notes[1:]), 1):
            proofs = {log: [encoded(one) for one in consistency(old[at], self.leaves(log)[:new[at]])]
                      if 0 < old[at] <= new[at] else [] for at, log in enumerate(verify.LOGS)}
            between.append({"from": number, "to": number + 1} | proofs)
        files["proofs.json"] = json.dumps({"parts": parts, "consistency": between}).encode()
        for number, (_, text) in enumerate(self.notes, 1):
            files[f"checkpoints/{number:08}.txt"] = text
        self.scope = scope
        return files

    def sealed(self, files, key=SECOND, **other):
        named = {name: {"bytes": len(data), "sha256": sha(data)} for name, data in files.items()}
        told = {"format": "concord-export/1", "origin": ORIGIN, "scope": {"kind": self.scope},
                "checkpoint": len(self.notes), "messages": self.count, "files": named} | other
        manifest = json.dumps(told).encode()
        return files | {"manifest.json": manifest,
                        "manifest.sig": note(f"concord-export/1\n{sha(manifest)}\n", [key])}


class Verifier(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.place = Path(folder.name)

    def run_on(self, files, kept=None, keys=(FIRST,), twice=()):
        export, key, arguments = self.place / "export.zip", self.place / "keys", []
        with zipfile.ZipFile(export, "w", zipfile.ZIP_DEFLATED) as made:
            for name, data in [*files.items(), *twice]:
                made.writestr(name, data)
        key.write_text("".join(f"{one.line}\n" for one in keys))
        if kept is not None:
            (self.place / "kept").write_bytes(kept)
            arguments = ["--checkpoint", str(self.place / "kept")]
        said = io.StringIO()
        with redirect_stdout(said), redirect_stderr(said):
            code = verify.main([str(export), "--key", str(key), *arguments])
        return code, said.getvalue()

    def believed(self, files, **given):
        code, said = self.run_on(files, **given)
        self.assertEqual(code, 0, said)
        return said

    def refused(self, why, files, **given):
        code, said = self.run_on(files, **given)
        self.assertEqual(code, 1, said)
        self.assertTrue(any(line.startswith("WRONG") and why in line for line in said.splitlines()),
                        f"nobody says `{why}`:\n{said}")

    def test_vectors_of_rfc_8032(self):
        for seed, public, message, signature in [
            ("9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60",
             "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a", "",
             "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bac"
             "c61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b"),
            ("4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb",
             "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c", "72",
             "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da"
             "085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00"),
        ]:
            public, message, signature = (bytes.fromhex(one) for one in (public, message, signature))
            self.assertTrue(verify.is_signed(public, message, signature))
            self.assertFalse(verify.is_signed(public, message + b".", signature))
            larger = int.from_bytes(signature[32:], "little") + verify.L
            self.assertFalse(verify.is_signed(public, message, signature[:32] + larger.to_bytes(32, "little")))
            key = Key(bytes.fromhex(seed))
            self.assertEqual((key.public, key.sign(message)), (public, signature))

    def test_every_tree_is_the_beginning_of_every_larger_one_and_of_no_other(self):
        leaves = [bytes([at + 1]) * 32 for at in range(18)]
        for new in range(1, 18):
            for old in range(1, new + 1):
                tell = old, root(leaves[:old]), new, root(leaves[:new])
                proof = consistency(old, leaves[:new])
                self.assertTrue(verify.is_beginning(*tell, proof), (old, new))
                self.assertFalse(verify.is_beginning(old, bytes(32), new, tell[3], proof), (old, new))
                self.assertFalse(verify.is_beginning(*tell, [*proof, bytes(32)]), (old, new))

    def test_an_export_of_all_is_believed(self):
        world = World()
        said = self.believed(world.sealed(world.files()), kept=world.notes[1][1])
        self.assertIn("7 of 7 messages make the root of checkpoint 3", said)
        self.assertIn("the logs begin as checkpoint 2 says", said)
        self.assertIn("case numbers: 2 without a gap", said)

    def test_an_export_of_a_case_and_of_a_period_are_believed(self):
        world = World()
        files = world.files("case", {"case.01.a", "directory.main", "outbox.01.a.w"})
        said = self.believed(world.sealed(files))
        self.assertIn("5 of 7 messages make the root", said)
        self.assertIn("not checked: whether case numbers have a gap", said)
        files = world.files("case", {"case.02.b"})
        del files[f"attachments/{sha(World.FILE)}"]
        self.believed(world.sealed(files), kept=world.notes[2][1].replace(b"\n", b"\r\n"))
        world.scope = "period"
        self.believed(world.sealed(files))

    def test_a_period_begins_in_the_middle_of_a_subject(self):
        world = World()
        files = world.files("period", {"case.01.a"})
        lines = files["logs/cases.tsv"].splitlines(keepends=True)
        files["logs/cases.tsv"] = b"".join(lines[1:])
        proofs = json.loads(files["proofs.json"])
        proofs["parts"]["cases"] = [encoded(one) for one in part(world.leaves("cases"), [3, 5, 6])]
        files["proofs.json"] = json.dumps(proofs).encode()
        world.count["cases"] -= 1
        self.believed(world.sealed(files))
        world.scope = "case"
        self.refused("version 2 of case.01.a after 0", world.sealed(files))

    def test_what_is_altered_after_the_signature_is_found(self):
        world = World()
        whole = world.sealed(world.files())
        for name in whole:
            if name not in ("manifest.json", "manifest.sig"):
                changed = bytes([whole[name][0] ^ 1]) + whole[name][1:] if whole[name] else b"."
                self.refused(f"{name}: its content is not the one", whole | {name: changed})
            self.refused_or_unreadable({other: data for other, data in whole.items() if other != name})
        self.refused("manifest.sig: it is not over", whole | {"manifest.json": whole["manifest.json"] + b" "})
        self.refused("the format knows no such file", whole | {"more.txt": b""})
        self.refused("the manifest does not name it", whole | {"cases/VV-2026-00009.html": b""})
        with self.assertWarns(UserWarning):
            self.refused("more than once", whole, twice=[("keys.txt", b"")])

    def refused_or_unreadable(self, files):
        code, said = self.run_on(files)
        self.assertEqual(code, 1 if "manifest.json" in files else 2, said)

    def test_another_key_is_not_believed(self):
        world = World()
        files = world.files()
        self.refused("manifest.sig: no trusted key has signed it", world.sealed(files, STRANGER))
        self.refused("manifest.sig: no trusted key has signed it", world.sealed(files, FIRST))
        self.refused("checkpoints/00000001.txt: no trusted key", world.sealed(files), keys=(STRANGER,))
        world.checkpoint((7, 5, 1), [FIRST], [FIRST])
        files = world.sealed(world.files(), FIRST)
        self.refused("checkpoints/00000004.txt: no trusted key", files)
        self.refused("checkpoints/00000004.txt: no trusted key", files, keys=(FIRST, SECOND))

    def test_a_key_that_was_given_counts_though_no_checkpoint_has_announced_it(self):
        world = World()
        world.notes = world.notes[:1]
        world.checkpoint((7, 5, 1), [SECOND], [SECOND])
        files = world.sealed(world.files())
        self.believed(files, keys=(FIRST, SECOND))
        self.refused("checkpoints/00000002.txt: no trusted key", files)

    def test_messages_are_held_against_the_root_even_when_all_is_signed_again(self):
        world = World()
        files = world.files()
        lines = files["logs/outbox.tsv"].splitlines(keepends=True)
        more = b"6\toutbox.01.a.q\t{}\n"
        for why, altered in [
            ("do not make the root", [lines[0].replace(b"sent", b"none"), *lines[1:]]),
            ("it stands after 1", [lines[0], *lines[2:]]),
            ("sequences 5 to 5 are neither", lines[:-1]),
            ("sequence 2: it stands after 0", [lines[1], lines[0], *lines[2:]]),
            ("sequence 6 is after the checkpoint", [*lines, more]),
            ("does not end", [*lines[:-1], lines[-1][:-1]]),
        ]:
            self.refused(why, world.sealed(files | {"logs/outbox.tsv": b"".join(altered)}))
        world.count["outbox"] = 6
        self.refused("5 messages; the manifest says 6", world.sealed(files))

    def test_a_message_may_not_be_left_out_of_a_part(self):
        world = World()
        files = world.files("case", {"case.01.a"})
        lines = files["logs/cases.tsv"].splitlines(keepends=True)
        self.refused("sequences 7 to 7 are neither", world.sealed(files | {"logs/cases.tsv": b"".join(lines[:-1])}))
        proofs = json.loads(files["proofs.json"])
        proofs["parts"]["cases"].append(encoded(bytes(32)))
        files["proofs.json"] = json.dumps(proofs).encode()
        self.refused("more hashes than its tree needs", world.sealed(files))

    def test_checkpoints_that_do_not_follow_on_each_other_are_found(self):
        for why, sizes, other in [
            ("is not the digest of", (7, 5, 1), {"previous": encoded(bytes(32))}),
            ("a size or the time is less", (6, 5, 1), {}),
            ("a size or the time is less", (7, 5, 1), {"time": "2026-05-17T06:12:00Z"}),
            ("it says number 9", (7, 5, 1), {"number": 9}),
        ]:
            world = World()
            world.checkpoint(sizes, [SECOND], [SECOND], **other)
            self.refused(why, world.sealed(world.files()))
        world = World()
        sizes, text = world.notes[1]
        world.notes[1] = sizes, text.replace(b"outbox 3", b"outbox 4")
        self.refused("00000002.txt: the signature of", world.sealed(world.files()))
        world = World()
        files = world.files()
        proofs = json.loads(files["proofs.json"])
        proofs["consistency"][1]["cases"].reverse()
        self.refused("cases of checkpoints/00000002.txt is not the beginning",
                     world.sealed(files | {"proofs.json": json.dumps(proofs).encode()}))
        del proofs["consistency"][0]
        self.refused("does not connect", world.sealed(files | {"proofs.json": json.dumps(proofs).encode()}))

    def test_a_broken_chain_is_found_even_when_the_tree_was_made_over_it(self):
        for why, at, old, new in [
            ("sequence 4: version 3 of case.01.a after 1", 3, b'"version":2', b'"version":3'),
            ("version 2 of case.01.a after 0", 1, b'"version":1', b'"version":2'),
            ("previoushash is not that", 1, ZEROS.encode(), b"1" + b"0" * 63),
            ("recorded before", 5, b'"recordedtime":"2026-05-17T06:05', b'"recordedtime":"2026-05-17T06:01'),
            ("no CloudEvent 1.0 of this subject", 6, b'"case.01.a"', b'"case.02.b"'),
        ]:
            def change(place, message):
                if place != at:
                    return message
                self.assertIn(old, message)
                return message.replace(old, new)
            world = World(change=change)
            self.refused(why, world.sealed(world.files()))

    def test_case_numbers_have_no_gap_and_no_double(self):
        for why, second in [("VV-2026-00002: there is no case", "VV-2026-00003"), ("given twice", "VV-2026-00001")]:
            world = World(codes=("VV-2026-00001", second))
            self.refused(why, world.sealed(world.files()))
        world = World(codes=("VV-2026-00001", "VV-2027-00001"))
        self.believed(world.sealed(world.files()))

    def test_attachments_are_the_ones_that_documents_name(self):
        world = World()
        name = f"attachments/{sha(World.FILE)}"
        self.refused("has another digest", world.sealed(world.files() | {name: b"other"}))
        other = f"attachments/{sha(b'other')}"
        self.refused("no document of the export names it", world.sealed(world.files() | {other: b"other"}))

    def test_history_that_was_rewritten_and_signed_again_does_not_survive_a_kept_checkpoint(self):
        world, kept = World(), World().notes[1][1]
        rewritten = World(change=lambda at, message: message.replace(b"raised-by-phone", b"raised-in-writing"))
        files = rewritten.sealed(rewritten.files())
        self.believed(files)
        self.refused("00000002.txt is not the kept checkpoint", files, kept=kept)
        self.refused("its first 5 messages are not those", files, kept=kept)
        self.refused("the kept checkpoint: no trusted key", world.sealed(world.files()),
                     kept=note(kept.decode().partition("\n\n")[0] + "\n", [STRANGER]))

    def test_an_export_that_ends_before_the_kept_checkpoint_is_refused(self):
        world = World()
        whole = world.sealed(world.files())
        world.logs["outbox"].append(("outbox.01.a.q", b"{}"))
        world.checkpoint((7, 6, 1), [SECOND], [SECOND])
        self.refused("it ends before the kept checkpoint", whole, kept=world.notes[-1][1])

    def test_what_cannot_be_read_is_told_apart(self):
        world = World()
        code, said = self.run_on(world.sealed(world.files(), format="concord-export/2"))
        self.assertEqual((code, "concord-export/2" in said), (2, True), said)
        self.assertEqual(self.run_on(world.sealed(world.files()), kept=b"no note")[0], 1)
        (self.place / "export.zip").write_bytes(b"no archive")
        with redirect_stderr(io.StringIO()):
            for key in ("keys", "export.zip", "absent"):
                self.assertEqual(verify.main([str(self.place / "export.zip"), "--key", str(self.place / key)]), 2)


if __name__ == "__main__":
    unittest.main()
