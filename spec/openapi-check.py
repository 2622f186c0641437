#!/usr/bin/env python3
"""Holds openapi.yaml against a running server.

    openapi-check.py http://127.0.0.1:8080

Sends every request that the page names, well-formed and not, and compares what comes back: status, fields, media type,
and JSON by its schema, which is closed for this: a member that the page does not name is an error. What is sent well
must fit the page, and JSON that is refused must not. In the end every status and every problem that the page names has
been seen, but for those in `UNSEEN`. Exits with 1 and a list when something differs. The server's mode is `trust`.
"""

import copy
import hashlib
import http.client
import json
import os
import pathlib
import select
import socket
import struct
import sys
import urllib.parse

import jsonschema
import openapi_spec_validator
import yaml

PAGE = pathlib.Path(__file__).parent / "openapi.yaml"
# What takes a failing disk, a full server, a minute without a byte, or luck.
UNSEEN = {"taken-over", "stall", "stopping", "no-space", "read-only", "store-failed", "damaged", "busy"}
# Fields of HTTP itself, which the page leaves to it.
PLAIN_FIELDS = {"content-type", "content-length", "date", "connection", "cache-control"}
WHOLE = 65_536
DIGESTS = {"Content-Type": "application/vnd.cairn.digests"}
FRAMES = {"Content-Type": "application/vnd.cairn.frames"}
JSON = {"Content-Type": "application/json"}


# --- The page ---------------------------------------------------------------------------------------------------------


class Page:
    """openapi.yaml, with its schemas closed."""

    def __init__(self, path):
        self.document = yaml.safe_load(path.read_text(encoding="utf-8"))
        openapi_spec_validator.validate(self.document)
        self.operations = {}
        self.methods = {}
        for template, item in self.document["paths"].items():
            for method in item.keys() - {"parameters"}:
                operation = item[method]
                parameters = item.get("parameters", []) + operation.get("parameters", [])
                parameters = {p["name"]: p for p in map(self.resolve, parameters)}
                self.operations[operation["operationId"]] = (method.upper(), template, operation, parameters)
                self.methods.setdefault(template, set()).add(method.upper())
        self.closed = copy.deepcopy(self.document["components"])
        schemas = self.closed["schemas"]
        parts = [part for schema in schemas.values() for part in schema.get("allOf", [])]
        bases = {part["$ref"].rpartition("/")[2] for part in parts if "$ref" in part}
        for name, schema in schemas.items():
            if name not in bases:
                self.close(schema)

    def resolve(self, node):
        while "$ref" in node:
            target = self.document
            for piece in node["$ref"].removeprefix("#/").split("/"):
                target = target[piece]
            node = target
        return node

    def close(self, schema):
        if "properties" in schema:
            schema["unevaluatedProperties"] = False
            for part in schema["properties"].values():
                self.close(part)
        if "items" in schema:
            self.close(schema["items"])

    def error(self, schema, value, is_closed=True):
        """What is wrong with the value, or None."""
        components = self.closed if is_closed else self.document["components"]
        validator = jsonschema.Draft202012Validator({**schema, "components": components})
        error = jsonschema.exceptions.best_match(validator.iter_errors(value))
        return error and f"{error.json_path}: {error.message[:300]}"

    def problems(self, response):
        """The names of the problems that a response may hold."""
        media = response.get("content", {}).get("application/problem+json")
        if media is None:
            return set()
        schema = media["schema"]
        types = [self.resolve(s)["properties"]["type"]["const"] for s in schema.get("anyOf", [schema])]
        return {problem_name(kind) for kind in types}


def problem_name(kind):
    return kind.replace("#", "/").rpartition("/")[2]


# --- Requests and answers ---------------------------------------------------------------------------------------------


class Answer:
    def __init__(self, response):
        self.status = response.status
        self.fields = {name.lower(): value for name, value in response.getheaders()}
        self.body = response.read()
        self.type = self.fields.get("content-type", "").partition(";")[0]
        self.json = json.loads(self.body) if self.body and self.type.endswith("json") else None
        is_problem = self.body and self.type == "application/problem+json"
        self.problem = problem_name(self.json["type"]) if is_problem else None


class Check:
    """Asks, compares, and remembers what was seen."""

    def __init__(self, page, base):
        self.page = page
        self.host, self.port = base.hostname, base.port
        self.seen = set()
        self.failures = []
        # The id of an upload that was cancelled.
        self.gone = ""

    def fail(self, what, why):
        self.failures.append(f"{what}: {why}")

    def connect(self):
        return http.client.HTTPConnection(self.host, self.port, timeout=60)

    def ask(self, name, expected, path=(), query=None, fields=None, body=None, length=None, cut=False):
        """Sends one request of the page; `expected` is a status, or a status and a problem.

        With `length` only `body` is sent of so many bytes; with `cut` the client then says that nothing follows.
        """
        method, template, operation, parameters = self.page.operations[name]
        status, problem = expected if isinstance(expected, tuple) else (expected, None)
        what = f"{name} {status} {problem or ''}".strip()
        target = template
        told = {**(query or {}), **(fields or {})}
        for key, value in zip([p for p in parameters if parameters[p]["in"] == "path"], path):
            target = target.replace("{" + key + "}", value)
            told[key] = value
        if status < 400:
            self.compare_request(what, operation, parameters, told, body)
        elif problem == "bad-body":
            self.compare_refused(what, operation, body)
        if query:
            target += "?" + urllib.parse.urlencode(query)
        answer = self.exchange(method, target, fields or {}, body, length, cut)
        self.compare(what, name, answer)
        if answer.status != status or (problem and method != "HEAD" and answer.problem != problem):
            self.fail(what, f"is {answer.status} {answer.problem}")
        return answer

    def exchange(self, method, target, fields, body, length, cut):
        connection = self.connect()
        connection.putrequest(method, target, skip_accept_encoding=True)
        for key, value in fields.items():
            connection.putheader(key, value)
        if body is not None and "Content-Length" not in fields:
            connection.putheader("Content-Length", str(len(body) if length is None else length))
        connection.endheaders()
        for start in range(0, len(body or b""), WHOLE):
            # An answer may come before the body was sent, and then nobody reads the rest.
            if select.select([connection.sock], [], [], 0)[0]:
                break
            connection.send(body[start : start + WHOLE])
        if cut:
            connection.sock.shutdown(socket.SHUT_WR)
        answer = Answer(connection.getresponse())
        connection.close()
        return answer

    def compare_request(self, what, operation, parameters, told, body):
        for key, parameter in parameters.items():
            if key not in told:
                if parameter.get("required"):
                    self.fail(what, f"sends no {key}")
                continue
            schema = self.page.resolve(parameter["schema"])
            value = int(told[key]) if schema.get("type") == "integer" else told[key]
            if error := self.page.error(schema, value):
                self.fail(what, f"sends {key}: {error}")
        content = operation.get("requestBody", {}).get("content", {})
        kind = told.get("Content-Type", "application/octet-stream")
        if body and kind not in content:
            self.fail(what, f"sends {kind}")
        elif body and kind == "application/json":
            if error := self.page.error(content[kind]["schema"], json.loads(body)):
                self.fail(what, f"sends {error}")

    def compare_refused(self, what, operation, body):
        try:
            value = json.loads(body)
        except ValueError:
            return
        schema = operation["requestBody"]["content"]["application/json"]["schema"]
        if not self.page.error(schema, value, is_closed=False):
            self.fail(what, f"the page allows {value}")

    def compare(self, what, name, answer):
        method, _, operation, _ = self.page.operations[name]
        response = operation["responses"].get(str(answer.status))
        if response is None:
            return self.fail(what, f"{answer.status} {answer.problem} is not on the page")
        response = self.page.resolve(response)
        self.seen.add((name, answer.status, answer.problem))
        self.compare_fields(what, response, answer)
        if method == "HEAD":
            return answer.body and self.fail(what, "has a body")
        content = response.get("content", {})
        media = content.get(answer.type, content.get("*/*"))
        if not content and answer.body:
            self.fail(what, "has a body")
        elif content and media is None:
            self.fail(what, f"is of type {answer.type}")
        elif media and "schema" in media and (error := self.page.error(media["schema"], answer.json)):
            self.fail(what, f"answers {error}")

    def compare_fields(self, what, response, answer):
        stated = {key.lower(): self.page.resolve(value) for key, value in response.get("headers", {}).items()}
        for key, header in stated.items():
            if key not in answer.fields:
                if header.get("required"):
                    self.fail(what, f"lacks {key}")
            elif error := self.page.error(header["schema"], answer.fields[key]):
                self.fail(what, f"says {key}: {error}")
        for key in answer.fields.keys() - stated.keys() - PLAIN_FIELDS:
            self.fail(what, f"says {key}, which the page does not name")

    def cover(self):
        """Whatever the page names was seen."""
        for name, (_, _, operation, _) in self.page.operations.items():
            for status, response in operation["responses"].items():
                problems = self.page.problems(self.page.resolve(response))
                for problem in problems - UNSEEN or ({None} if not problems else set()):
                    if not any(s[:2] == (name, int(status)) and problem in (None, s[2]) for s in self.seen):
                        self.fail(name, f"{status} {problem or ''} never came")

    def compare_methods(self, ids):
        """Each path allows what the page names under it, and nothing else."""
        for template, methods in self.page.methods.items():
            target = template.replace("{id}", ids).replace("{digest}", "0" * 64)
            if template.endswith("/proof"):
                target += "?index=0"
            fields = FRAMES if template.endswith("/chunks") else {}
            answer = self.exchange("OPTIONS", target, fields, None, None, False)
            allowed = set(answer.fields.get("allow", "").split(", "))
            if answer.status != 405 or answer.problem != "method" or allowed != methods:
                self.fail(template, f"OPTIONS is {answer.status} and allows {allowed}")


# --- What is sent -----------------------------------------------------------------------------------------------------


class File:
    """Three whole chunks and a short one, like no other file; the third chunk is one letter again and again."""

    def __init__(self):
        parts = [os.urandom(WHOLE), os.urandom(WHOLE), os.urandom(1) * WHOLE, os.urandom(1000)]
        # One letter is one of 256, and may be here from another run.
        parts[2] = parts[2][:-8] + os.urandom(8)
        self.chunks = parts
        self.content = b"".join(parts)
        self.digests = [hashlib.sha256(chunk).digest() for chunk in parts]

    def hex(self, index):
        return self.digests[index].hex()

    def names(self, *indices):
        return b"".join(self.digests[index] for index in indices)

    def frame(self, index):
        length = len(self.chunks[index])
        return self.digests[index] + struct.pack(">IIB", length, length, 0) + self.chunks[index]

    def block(self):
        """The third chunk as an LZ4 block: a letter, a match of it up to the last eight bytes, and those."""
        chunk = self.chunks[2]
        extra = WHOLE - 9 - 19
        match = b"\x1f" + chunk[:1] + b"\x01\x00" + b"\xff" * (extra // 255) + bytes([extra % 255])
        return match + b"\x80" + chunk[-8:]


def text(**members):
    return json.dumps(members).encode()


def refusals(check, name, body=None, fields=None, query=None, rest=()):
    """What is answered of an id that is none, one of nothing, and one that is gone."""
    unknown = "0123456789abcdef" * 2
    expected = {"X": (400, "bad-path"), unknown: (404, "unknown-upload"), check.gone: (410, "upload-gone")}
    for id, refusal in expected.items():
        check.ask(name, refusal, (id, *rest), query=query, fields=fields, body=body)


def begin(check, **members):
    return check.ask("begin", 201, fields=JSON, body=text(chunkSize=WHOLE, **members)).json["id"]


def beginnings(check):
    check.ask("capabilities", 200)
    check.ask("capabilitiesHead", 200)
    check.ask("begin", 201)
    check.ask("begin", 201, fields=JSON, body=text(length=None, name=None, startOver=None))
    name = os.urandom(8).hex()
    state = text(length=5, name="ä.bin", type="text/plain; charset=utf-8", fileId=name, startOver=False)
    first = check.ask("begin", 201, fields=JSON, body=state).json["id"]
    check.ask("begin", 200, fields=JSON, body=state)
    check.ask("listUploads", 200, query={"file-id": name})
    check.ask("look", 200, (first,))
    check.ask("lookHead", 200, (first,))
    wrong = {
        "length": [-1, 10**15, "5", 1.5, True],
        "chunkSize": [5, 65537, 1 << 25, "65536"],
        "name": ["", "a\n", 5],
        "type": ["", "x", "a/b/c", 5],
        "fileId": ["", "a" * 1025, 5],
        "contentId": ["", "A" * 64, "a" * 63, 5],
        "startOver": [1, "true"],
    }
    for member, values in wrong.items():
        for value in values:
            check.ask("begin", (400, "bad-body"), fields=JSON, body=text(**{member: value}))
    for body in [b"{", b"[]", b"null", b"x"]:
        check.ask("begin", (400, "bad-body"), fields=JSON, body=body)
    check.ask("begin", (413, "too-large"), fields=JSON, body=b" " * 16_385)
    check.ask("begin", (413, "too-large"), fields=JSON, body=text(chunkSize=WHOLE, length=10**14))
    check.gone = begin(check)
    check.ask("cancel", 204, (check.gone,))
    refusals(check, "cancel")
    refusals(check, "look")
    refusals(check, "lookHead")


def namings(check, file, id):
    check.ask("name", 200, (id,), {"index": 0}, DIGESTS, file.names(0, 1))
    last = {"index": 2, "end": len(file.content)}
    check.ask("name", 200, (id,), last, JSON, text(digests=[file.hex(2), file.hex(3)]))
    check.ask("missing", 200, (id,))
    check.ask("missing", 200, (id,), {"index": 1, "count": 2})
    check.ask("missingHead", 200, (id,))
    refusals(check, "name", bytes(32), DIGESTS, {"index": 0})
    for name in ["missing", "missingHead"]:
        refusals(check, name)
    check.ask("missing", (400, "bad-query"), (id,), {"index": -1})
    check.ask("name", (400, "bad-query"), (id,), {"index": "x"}, DIGESTS, bytes(32))
    check.ask("name", (400, "bad-query"), (id,), {}, DIGESTS, bytes(32))
    for body in [{}, {"digests": 5}, {"digests": ["A" * 64]}, {"digests": [5]}]:
        check.ask("name", (400, "bad-body"), (id,), {"index": 0}, JSON, text(**body))
    other = {"index": 0, "end": 5}
    check.ask("name", (400, "inconsistent-upload-length"), (id,), other, DIGESTS, file.names(0))
    check.ask("name", (409, "manifest-conflict"), (id,), {"index": 1}, DIGESTS, bytes(32))
    check.ask("name", (413, "too-large"), (id,), {"index": 0}, DIGESTS, bytes(8193 * 32))
    check.ask("name", (415, "unsupported-media"), (id,), {"index": 0}, {"Content-Type": "text/plain"}, bytes(32))
    check.ask("name", (422, "manifest-invalid"), (id,), {"index": 4}, DIGESTS, bytes(32))


def proofs(check, id):
    nonce, hmac = "A" * 22 + "==", "A" * 43 + "="
    right = text(nonce=nonce, proofs=[{"index": 0, "hmac": hmac}])
    check.ask("prove", 200, (id,), fields=JSON, body=right)
    refusals(check, "prove", right, JSON)
    for body in [
        {},
        {"nonce": nonce},
        {"nonce": "AAAA", "proofs": []},
        {"nonce": nonce, "proofs": [{"index": 0}]},
        {"nonce": nonce, "proofs": [{"index": -1, "hmac": hmac}]},
        {"nonce": nonce, "proofs": [{"index": 0, "hmac": "x"}]},
    ]:
        check.ask("prove", (400, "bad-body"), (id,), fields=JSON, body=text(**body))
    check.ask("prove", (413, "too-large"), (id,), fields=JSON, body=b" " * 40_000)
    far = text(nonce=nonce, proofs=[{"index": 4, "hmac": hmac}])
    check.ask("prove", (422, "manifest-invalid"), (id,), fields=JSON, body=far)


def chunks(check, file, id):
    check.ask("putChunk", 201, (id, file.hex(1)), body=file.chunks[1])
    check.ask("putChunk", 200, (id, file.hex(1)), body=file.chunks[1])
    refusals(check, "putChunk", b"x", rest=(file.hex(0),))
    check.ask("putChunk", (400, "bad-path"), (id, "A" * 64), body=b"x")
    check.ask("putChunk", (400, "bad-header"), (id, file.hex(0)), fields={"Content-Range": "bytes 0-0/1"}, body=b"x")
    check.ask("putChunk", (400, "inconsistent-upload-length"), (id, file.hex(0)), body=bytes(WHOLE + 1))
    check.ask("putChunk", (400, "body-cut"), (id, file.hex(0)), body=b"x", length=WHOLE, cut=True)
    check.ask("putChunk", (409, "not-in-manifest"), (id, "0" * 64), body=b"x")
    check.ask("putChunk", (413, "too-large"), (id, file.hex(0)), fields={"Content-Length": "16777217"})
    coded = {"Content-Encoding": "br"}
    check.ask("putChunk", (415, "unsupported-encoding"), (id, file.hex(0)), fields=coded, body=b"x")
    check.ask("putChunk", (422, "digest-mismatch"), (id, file.hex(0)), body=file.chunks[1])
    taken_over(check, file, id)


def taken_over(check, file, id):
    """A completion cuts a body that still comes."""
    connection = check.connect()
    connection.putrequest("PUT", f"/v1/uploads/{id}/chunks/{file.hex(0)}")
    connection.putheader("Content-Length", str(WHOLE))
    connection.putheader("Expect", "100-continue")
    connection.endheaders()
    connection.sock.recv(1, socket.MSG_PEEK)
    check.ask("complete", (409, "upload-incomplete"), (id,))
    answer = Answer(connection.getresponse())
    connection.close()
    check.compare("putChunk 409 taken-over", "putChunk", answer)
    if answer.problem != "taken-over":
        check.fail("putChunk 409 taken-over", f"is {answer.status} {answer.problem}")


def frames(check, file, id):
    stranger = bytes(32) + struct.pack(">IIB", 1, 1, 0) + b"x"
    wrong = file.digests[3] + struct.pack(">IIB", 1000, 1000, 0) + bytes(1000)
    answer = check.ask("putFrames", 200, (id,), fields=FRAMES, body=file.frame(0) + file.frame(1) + wrong + stranger)
    if answer.body != bytes([0, 1, 2, 3]):
        check.fail("putFrames", f"verdicts {answer.body}")
    refusals(check, "putFrames", b"", FRAMES)
    check.ask("putFrames", (400, "body-cut"), (id,), fields=FRAMES, body=stranger, length=1000, cut=True)
    large = bytes(32) + struct.pack(">IIB", 1 << 24, 1 << 24, 0) + bytes(1 << 24)
    check.ask("putFrames", (413, "too-large"), (id,), fields=FRAMES, body=large * 5)
    check.ask("putFrames", (415, "unsupported-media"), (id,), fields={"Content-Type": "text/plain"}, body=stranger)
    check.ask("putFrames", (422, "frame-invalid"), (id,), fields=FRAMES, body=bytes(41))


def appends(check, file, id):
    """The first two chunks of the file are there."""
    at = {"Upload-Offset": str(2 * WHOLE)}
    refusals(check, "append", b"x", at)
    check.ask("append", (400, "bad-header"), (id,), fields={"Upload-Offset": "x"}, body=b"x")
    check.ask("append", (400, "inconsistent-upload-length"), (id,), fields={**at, "Upload-Length": "5"}, body=b"x")
    check.ask("append", (409, "mismatching-upload-offset"), (id,), fields={"Upload-Offset": "1"}, body=b"x")
    other = ":" + "A" * 43 + "=:"
    check.ask("append", (412, "prefix-mismatch"), (id,), fields={**at, "If-Upload-Prefix": other}, body=b"x")
    check.ask("append", (413, "too-large"), (id,), fields={**at, "Content-Length": "9" * 16})
    check.ask("append", (415, "unsupported-encoding"), (id,), fields={**at, "Content-Encoding": "lz4"}, body=b"x")
    check.ask("append", (422, "digest-mismatch"), (id,), fields={**at, "Content-Digest": "sha-256=" + other}, body=b"x")
    check.ask("append", (409, "manifest-conflict"), (id,), fields=at, body=bytes(WHOLE))
    check.ask("append", (400, "body-cut"), (id,), fields=at, body=file.chunks[2][:10], length=WHOLE, cut=True)
    there = check.ask("lookHead", 200, (id,)).fields["upload-offset"]
    prefix = check.ask("lookHead", 200, (id,)).fields["upload-prefix"]
    rest = file.content[int(there) : 2 * WHOLE + 20]
    check.ask("append", 204, (id,), fields={"Upload-Offset": there, "If-Upload-Prefix": prefix}, body=rest)
    check.ask("putChunk", 201, (id, file.hex(2)), fields={"Content-Encoding": "lz4"}, body=file.block())


def completions(check, file, id):
    refusals(check, "complete", b"")
    for body in [{"length": -1}, {"length": "5"}, {"contentId": "x"}, {"contentId": 5}]:
        check.ask("complete", (400, "bad-body"), (id,), fields=JSON, body=text(**body))
    check.ask("complete", (400, "inconsistent-upload-length"), (id,), fields=JSON, body=text(length=5))
    check.ask("complete", (409, "upload-incomplete"), (id,))
    check.ask("complete", (413, "too-large"), (id,), fields=JSON, body=b" " * 16_385)
    check.ask("putFrames", 200, (id,), fields=FRAMES, body=file.frame(3))
    check.ask("complete", (422, "file-digest-mismatch"), (id,), fields=JSON, body=text(contentId="0" * 64))
    answer = check.ask("complete", 201, (id,), fields=JSON, body=text(length=len(file.content)))
    check.ask("complete", 200, (id,), fields=JSON, body=text(contentId=answer.json["contentId"], length=None))
    check.ask("name", (409, "completed-upload"), (id,), {"index": 0}, DIGESTS, file.names(0))
    check.ask("putFrames", (409, "completed-upload"), (id,), fields=FRAMES, body=file.frame(0))
    end = {"Upload-Offset": str(len(file.content))}
    check.ask("append", (409, "completed-upload"), (id,), fields=end, body=b"x")
    return answer.json["contentId"]


def readings(check, file, id, content_id):
    open_id = begin(check, name="half")
    check.ask("append", 204, (open_id,), fields={"Upload-Offset": "0"}, body=file.content[:70_000])
    copy = check.ask("begin", 200, fields=JSON, body=text(contentId=content_id, name="copy", type="text/plain"))
    check.ask("look", 200, (copy.json["id"],))
    for name in ["listUploads", "listFiles"]:
        check.ask(name, 200)
        first = check.ask(name, 200, query={"limit": 1})
        check.ask(name, 200, query={"limit": 5, "after": first.json["next"]})
        check.ask(name, (400, "bad-query"), query={"limit": 0})
        check.ask(name + "Head", 200)
        check.ask(name + "Head", 400, query={"limit": 0})
    check.ask("listUploads", 200, query={"content-id": content_id})
    check.ask("listUploads", (404, "unknown-upload"), query={"content-id": "0" * 64})
    check.ask("listUploads", (400, "bad-query"), query={"content-id": "x"})
    for name, of in [("uploadManifest", open_id), ("fileManifest", id)]:
        check.ask(name, 200, (of,))
        check.ask(name, 200, (of,), fields={"Accept": "application/json"})
        check.ask(name + "Head", 200, (of,))
        for each in [name, name + "Head"]:
            refusals(check, each)
    for query in [{"index": 3}, {"from": 3}]:
        check.ask("proof", 200, (id,), query)
        check.ask("proofHead", 200, (id,), query)
    for query in [{}, {"index": 4}, {"from": 0}, {"index": 0, "from": 1}]:
        check.ask("proof", (400, "bad-query"), (id,), query)
    for name in ["proof", "proofHead"]:
        refusals(check, name, query={"index": 0})
    downloads(check, file, id, open_id)


def downloads(check, file, id, open_id):
    answer = check.ask("read", 200, (id,))
    if answer.body != file.content:
        check.fail("read", "has other bytes")
    check.ask("readHead", 200, (id,))
    for ranges in ["bytes=0-9", "bytes=0-9,20-29", "bytes=-5"]:
        check.ask("read", 206, (id,), fields={"Range": ranges})
    check.ask("read", 206, (open_id,))
    check.ask("read", 304, (id,), fields={"If-None-Match": answer.fields["etag"]})
    check.ask("read", (412, "other-file"), (id,), fields={"If-Match": '"x"'})
    check.ask("read", (416, "bad-range"), (id,), fields={"Range": "bytes=9999999-"})
    for name in ["read", "readHead"]:
        refusals(check, name)
    check.ask("remove", 204, (id,))
    check.ask("remove", (410, "upload-gone"), (id,))
    refusals(check, "remove")


def main():
    check = Check(Page(PAGE), urllib.parse.urlsplit(sys.argv[1]))
    file = File()
    beginnings(check)
    id = begin(check, length=len(file.content), name="a.bin")
    namings(check, file, id)
    proofs(check, id)
    chunks(check, file, id)
    frames(check, file, id)
    appends(check, file, id)
    content_id = completions(check, file, id)
    check.compare_methods(id)
    readings(check, file, id, content_id)
    check.cover()
    for failure in check.failures:
        print(failure)
    counts = [len(check.page.operations), len(check.seen), len(check.failures)]
    print("{} operations, {} kinds of answers, {} failures".format(*counts))
    sys.exit(1 if check.failures else 0)


if __name__ == "__main__":
    main()
