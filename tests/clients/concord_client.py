"""A small client of the Concord API, made from its own OpenAPI document. Python 3.9 and later, nothing else needed.

    client = Client("http://127.0.0.1:8080", token)
    answer = client.call("raise", body={...}, key="call-1")
    answer = client.call("acknowledge", id=answer.body["case"]["id"], key="ack-1")

An operation is called by its operationId. What the document requires is checked before anything is sent; an answer that
it does not describe is an error. After a 503 the same request is sent again with the same key, as the document says.
"""

import json
import time
import urllib.error
import urllib.parse
import urllib.request
from dataclasses import dataclass

# How often a request is sent in all when the answer is 503.
TRIES = 5


@dataclass
class Answer:
    """What came back: the status, the headers by their names in lower case, the body."""

    status: int
    headers: dict
    body: object

    @property
    def code(self):
        """The stable code of a refusal; None where it was done."""
        return self.body.get("code") if self.status >= 400 and isinstance(self.body, dict) else None


class Client:
    def __init__(self, base, token, language="en"):
        self.base, self.token, self.language = base.rstrip("/"), token, language
        self.document = self._send("GET", "/openapi.json").body
        self.operations = {
            operation["operationId"]: (method.upper(), path, operation)
            for path, methods in self.document["paths"].items()
            for method, operation in methods.items()
        }

    def call(self, operation_id, body=None, key=None, if_match=None, **parameters):
        """Calls an operation. Parameters of the path and of the query are given by their names."""
        if operation_id not in self.operations:
            raise ValueError(f"the document has no operation {operation_id}")
        method, path, operation = self.operations[operation_id]
        headers = {"Idempotency-Key": key, "If-Match": if_match}
        query = {}
        for parameter in map(self._resolved, operation.get("parameters", [])):
            name, place = parameter["name"], parameter["in"]
            value = headers.get(name) if place == "header" else parameters.pop(name, None)
            if value is None:
                if parameter.get("required"):
                    raise ValueError(f"{operation_id} needs {name} ({place}): {parameter.get('description', '')}")
            elif place == "path":
                path = path.replace("{" + name + "}", urllib.parse.quote(str(value), safe=""))
            elif place == "query":
                query[name] = value
        if parameters:
            raise ValueError(f"{operation_id} takes no {', '.join(parameters)}")
        if query:
            path += "?" + urllib.parse.urlencode(query)
        if body is not None:
            self._check(operation_id, operation, body)
        headers = {name: value for name, value in headers.items() if value is not None}
        for number in range(TRIES):
            answer = self._send(method, path, body, headers)
            if answer.status != 503 or number == TRIES - 1:
                break
            time.sleep(float(answer.headers.get("retry-after", 1)))
        if str(answer.status) not in operation["responses"]:
            raise ValueError(f"{operation_id} answered {answer.status}, which the document does not have")
        return answer

    def _check(self, operation_id, operation, body):
        content = self._resolved(operation.get("requestBody", {})).get("content", {})
        schema = self._resolved(content.get("application/json", {}).get("schema", {}))
        for field in schema.get("required", []):
            if field not in body:
                raise ValueError(f"{operation_id} needs the field {field}")
        if schema.get("additionalProperties") is False:
            unknown = set(body) - set(schema.get("properties", {}))
            if unknown:
                raise ValueError(f"{operation_id} has no field {', '.join(sorted(unknown))}")

    def _resolved(self, node):
        while "$ref" in node:
            found = self.document
            for part in node["$ref"].lstrip("#/").split("/"):
                found = found[part.replace("~1", "/").replace("~0", "~")]
            node = found
        return node

    def _send(self, method, path, body=None, headers=None):
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(self.base + path, data=data, method=method)
        request.add_header("Accept-Language", self.language)
        request.add_header("Authorization", f"Bearer {self.token}")
        if data is not None:
            request.add_header("Content-Type", "application/json")
        for name, value in (headers or {}).items():
            request.add_header(name, value)
        try:
            with urllib.request.urlopen(request, timeout=60) as response:
                return self._answer(response.status, response.headers, response.read())
        except urllib.error.HTTPError as refused:
            return self._answer(refused.code, refused.headers, refused.read())

    @staticmethod
    def _answer(status, headers, text):
        headers = {name.lower(): value for name, value in headers.items()}
        is_json = "json" in headers.get("content-type", "")
        return Answer(status, headers, json.loads(text) if is_json and text else text.decode(errors="replace"))
