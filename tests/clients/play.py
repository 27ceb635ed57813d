"""Plays the steps of a scenario through the client: the test that runs it hands them over as JSON on stdin.

Each step: {"at": TIME, "officer": ID, "act": NAME or null, "body": {...}, "refused": CODE or null}. The last line that is
written is the case as it stands at the end.
"""

import json
import pathlib
import sys
import urllib.request

from concord_client import Client


def main(base, tokens):
    steps = json.load(sys.stdin)
    clients = {}

    def client(officer):
        if officer not in clients:
            clients[officer] = Client(base, (pathlib.Path(tokens) / officer).read_text().strip())
        return clients[officer]

    case = None
    for number, step in enumerate(steps):
        set_clock(base, step["at"])
        if step["act"] is None:
            continue
        where = {} if step["act"] == "raise" else {"id": case}
        answer = client(step["officer"]).call(step["act"], body=step["body"], key=f"step-{number}", **where)
        if answer.code != step["refused"]:
            sys.exit(f"step {number}, {step['act']}: {answer.code} instead of {step['refused']}: {answer.body}")
        if step["act"] == "raise" and answer.status == 201:
            case = answer.body["case"]["id"]
            # A repeat is known as one.
            again = client(step["officer"]).call("raise", body=step["body"], key=f"step-{number}")
            assert again.status == 200 and again.headers["idempotency-replayed"] == "true", again
        set_clock(base, step["at"])
    reader = client(steps[0]["officer"])
    print(json.dumps(reader.call("read-case", id=case).body))


def set_clock(base, at):
    """Not of the API: the manual clock of demonstrations and tests."""
    body = json.dumps({"to": at}).encode()
    request = urllib.request.Request(base + "/dev/clock", data=body, method="POST")
    request.add_header("Content-Type", "application/json")
    urllib.request.urlopen(request, timeout=60).read()


if __name__ == "__main__":
    main(*sys.argv[1:])
