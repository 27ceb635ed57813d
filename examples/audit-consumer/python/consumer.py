#!/usr/bin/env python3
"""An audit program of one's own: reads the log of facts, believes nothing that is not proven, folds what it needs.

    consumer.py --server nats://127.0.0.1:4222 --credential auditor.nk --key checkpoint.pub --state state.json

It reads up to the newest signed checkpoint and no further: what it shows is what the checkpoint vouches
for. Then it keeps its position in the state file and goes on from there the next time. docs/consumers.md
says what is promised. With --follow it goes on by itself and prints one line for each new checkpoint.
Exit code: 0 all is proven, 1 something is not, 2 it cannot be asked.
"""

import argparse
import asyncio
import base64
import hashlib
import json
import os
import sys
from pathlib import Path

import nats

import notes
from notes import Checkpoint, Unbelievable

BATCH = 1000
LIMIT = 5  # seconds for one message of an answer
INBOX = b"_INBOX_auditor"  # the only place where this credential may hear answers


class Frontier:
    """The right edge of a Merkle tree that grows (RFC 6962): all that its next root needs."""

    def __init__(self, size=0, peaks=()):
        self.size, self.peaks = size, list(peaks)

    def push(self, subject, message):
        leaf = hashlib.sha256(b"\0" + subject.encode() + b"\n" + message).digest()
        self.size += 1
        # Each trailing zero bit of the new size is a subtree that this leaf makes whole.
        for _ in range((self.size & -self.size).bit_length() - 1):
            leaf = node(self.peaks.pop(), leaf)
        self.peaks.append(leaf)

    def root(self):
        if not self.peaks:
            return hashlib.sha256().digest()
        *larger, root = self.peaks
        for peak in reversed(larger):
            root = node(peak, root)
        return root


def node(left, right):
    return hashlib.sha256(b"\x01" + left + right).digest()


class Reader:
    """Reads streams by batched direct get: no consumer is made, nothing on the server changes."""

    def __init__(self, server):
        self.server = server

    async def last(self, stream, subject):
        """The bytes of the newest message under a subject, or None."""
        answers = await self.ask(stream, {"last_by_subj": subject})
        answer = await answers.next_msg(LIMIT)
        await answers.unsubscribe()
        status = (answer.headers or {}).get("Status")
        if status not in (None, "404"):
            raise Unbelievable(f"{stream} cannot be read: {status}")
        return None if status else answer.data

    async def read(self, stream, start):
        """(sequence, subject, bytes) of at most BATCH messages from a sequence on."""
        answers = await self.ask(stream, {"seq": start, "next_by_subj": ">", "batch": BATCH})
        messages = []
        while True:
            answer = await answers.next_msg(LIMIT)
            status = answer.headers.get("Status")
            if status is None:
                messages.append((int(answer.headers["Nats-Sequence"]), answer.headers["Nats-Subject"], answer.data))
            elif status in ("204", "404"):  # the end of the batch; nothing there
                await answers.unsubscribe()
                return messages
            else:
                raise Unbelievable(f"{stream} cannot be read: {status}")

    async def ask(self, stream, question):
        inbox = self.server.new_inbox()
        answers = await self.server.subscribe(inbox)
        await self.server.publish(f"$JS.API.DIRECT.GET.{stream}", json.dumps(question).encode(), reply=inbox)
        return answers


class Books:
    """What has been read and proven, and what was folded of it."""

    def __init__(self, state):
        peaks = [base64.b64decode(peak) for peak in state.get("peaks", [])]
        self.tree = Frontier(state.get("position", 0), peaks)
        self.number = state.get("checkpoint", 0)
        self.heads = state.get("heads", {})  # of each subject: the version and SHA-256 of its newest fact
        self.cases = state.get("cases", {})

    def state(self):
        peaks = [base64.b64encode(peak).decode() for peak in self.tree.peaks]
        return {"position": self.tree.size, "peaks": peaks, "checkpoint": self.number, "heads": self.heads,
                "cases": self.cases}

    async def catch_up(self, reader, checkpoint):
        """Reads up to a checkpoint, and holds the root against the one that it names."""
        if checkpoint.number < self.number or checkpoint.size < self.tree.size:
            raise Unbelievable(
                f"checkpoint {checkpoint.number} is older than {self.number}, which was seen before: the log was reset")
        while self.tree.size < checkpoint.size:
            messages = await reader.read("CASES", self.tree.size + 1)
            if not messages:
                raise Unbelievable(f"the log ends at {self.tree.size}; the checkpoint has {checkpoint.size} messages")
            for sequence, subject, message in messages[: checkpoint.size - self.tree.size]:
                if sequence != self.tree.size + 1:
                    raise Unbelievable(f"message {self.tree.size + 1} is missing; the next is {sequence}")
                self.take(sequence, subject, message)
        if self.tree.root() != checkpoint.root:
            raise Unbelievable(
                f"the first {checkpoint.size} messages are not those that checkpoint {checkpoint.number} was signed over")
        self.number = checkpoint.number

    def take(self, sequence, subject, message):
        """One fact: into the tree, on to its chain, into the model."""
        self.tree.push(subject, message)
        fact = json.loads(message)
        version, digest = self.heads.get(subject, (0, "0" * 64))
        if fact["subject"] != subject or (fact["version"], fact["previoushash"]) != (version + 1, digest):
            raise Unbelievable(f"message {sequence} does not follow on version {version} of {subject}")
        self.heads[subject] = version + 1, hashlib.sha256(message).hexdigest()
        if subject.startswith("case."):
            self.fold(subject, fact)

    def fold(self, subject, fact):
        """Knows three things of a fact and lets all others pass: types and fields will be added."""
        data = fact["data"]
        case = self.cases.setdefault(subject, {"state": None, "raiser": None, "overdue": {}})
        if fact["version"] == 1:
            case["raiser"] = data["parties"]["raiser"]
        if "lifecycle" in data:
            case["state"] = data["lifecycle"]["to"]
        if ".overdue.v" in fact["type"]:
            for agency in data["owing"]:
                case["overdue"][agency] = case["overdue"].get(agency, 0) + 1

    def report(self, checkpoint):
        cases = self.cases.values()
        overdue = [(agency, times) for case in cases for agency, times in case["overdue"].items()]
        return {
            "checkpoint": {"number": checkpoint.number, "time": checkpoint.time, "origin": checkpoint.origin},
            "position": self.tree.size,
            "root": base64.b64encode(self.tree.root()).decode(),
            "cases": len(self.cases),
            "by_state": summed((case["state"], 1) for case in cases),
            "by_raiser": summed((case["raiser"], 1) for case in cases),
            "overdue": summed(overdue),
        }


def summed(pairs):
    sums = {}
    for name, number in pairs:
        sums[name] = sums.get(name, 0) + number
    return dict(sorted(sums.items()))


def keep(path, state):
    """All of the new state or all of the old one is there, whatever happens."""
    draft = path.with_suffix(".new")
    draft.write_text(json.dumps(state))
    os.replace(draft, path)


async def run(asked):
    keys = notes.public_keys(asked.key.read_text())
    books = Books(json.loads(asked.state.read_text()) if asked.state.exists() else {})
    server = await nats.connect(asked.server, nkeys_seed=str(asked.credential), inbox_prefix=INBOX, name="auditor",
                                allow_reconnect=asked.follow, connect_timeout=LIMIT)
    reader, shown = Reader(server), None
    try:
        while True:
            note = await reader.last("AUDIT", "audit.checkpoint")
            if note is None and not asked.follow:
                raise Unbelievable("there is no checkpoint yet: try again in a minute")
            if note not in (None, shown):
                checkpoint = Checkpoint.opened(note, keys)
                await books.catch_up(reader, checkpoint)
                keep(asked.state, books.state())
                print(json.dumps(books.report(checkpoint), ensure_ascii=False), flush=True)
                shown = note
            if not asked.follow:
                return
            await asyncio.sleep(1)
    finally:
        await server.close()


def main():
    parser = argparse.ArgumentParser(description="Reads and proves the log of facts of Concord.")
    parser.add_argument("--server", default="nats://127.0.0.1:4222", help="address of the NATS server")
    parser.add_argument("--credential", type=Path, required=True, help="the file auditor.nk")
    parser.add_argument("--key", type=Path, required=True, help="file with the public keys that sign checkpoints")
    parser.add_argument("--state", type=Path, required=True, help="where it keeps how far it has read")
    parser.add_argument("--follow", action="store_true", help="go on, and print at each new checkpoint")
    try:
        asyncio.run(run(parser.parse_args()))
    except (Unbelievable, KeyError, ValueError) as wrong:
        print("not proven:", wrong if isinstance(wrong, Unbelievable) else repr(wrong), file=sys.stderr)
        return 1
    except (OSError, nats.errors.Error) as error:
        print(f"it cannot be asked: {error!r}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        pass
    return 0


if __name__ == "__main__":
    sys.exit(main())
