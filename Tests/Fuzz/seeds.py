#!/usr/bin/env python3
"""Writes what the fuzzer begins with into FOLDER, one folder a target: spec/vectors, and examples of the pages of spec/."""

import hashlib
import json
import pathlib
import struct
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]
folder = pathlib.Path(sys.argv[1])
ID = "0123456789abcdef0123456789abcdef"
DIGEST = "2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824"
DIGEST64 = "LPJNul+wow4m6DsqxbninhsWHlwfp0JecwQzYpOLmCQ="


def seed(target, *inputs):
    (folder / target).mkdir(parents=True, exist_ok=True)
    for data in inputs:
        data = data.encode() if isinstance(data, str) else bytes(data)
        (folder / target / hashlib.sha1(data).hexdigest()).write_bytes(data)


def vectors(name):
    return json.loads((ROOT / "spec" / "vectors" / f"{name}.json").read_text())


manifests = vectors("manifest")
for one in manifests["manifests"]:
    binary = bytes.fromhex(one["hex"])
    if len(binary) > 2048:
        continue
    seed("manifest", b"\0" + binary, b"\1" + binary)
    seed("manifest-json", one["json"])
    facts = json.dumps({"created": 1700000000, "id": ID, "name": "a", "owner": "everyone", "type": "a/b"}).encode()
    content = binary + struct.pack(">I", len(facts)) + facts
    seed("record", b"\1" + content, b"\0" + content + hashlib.sha256(content).digest(), b"\2" + facts)
for one in manifests["refused"]:
    if "hex" in one:
        seed("manifest", b"\0" + bytes.fromhex(one["hex"])[:2048])

proofs = vectors("proofs")
for one in [one for kind in ("inclusion", "consistency", "refusedInclusion") for one in proofs[kind][::7]]:
    first, second = (one[name] for name in (("index", "count") if "index" in one else ("oldCount", "newCount")))
    path = b"".join(bytes.fromhex(digest) for digest in one["proof"])
    seed("proof", struct.pack(">IIB", first, second, min(second, 39)) + path)

seed("missing", struct.pack(">IB", 0, 200) + b"0-1023,1100,1102-1200", struct.pack(">IB", 8, 1) + b"\xa5", b"\0" * 5)
chunk = bytes.fromhex(DIGEST) + struct.pack(">IIB", 5, 5, 0) + b"hello"
block = bytes([0x1F, 0x61, 1, 0, 0xFF, 0xD2, 0x50]) + b"aaaaa"
packed = hashlib.sha256(b"a" * 500).digest() + struct.pack(">IIB", 500, len(block), 1) + block
seed("frames", b"\0" + chunk + packed, b"\xff" + packed + chunk, b"\0" + chunk[:-2], b"\5" + bytes(41))
seed("lz4", struct.pack(">I", 500) + block, struct.pack(">I", 5) + b"hello", struct.pack(">I", 1 << 24) + b"a" * 300)
for count, root in enumerate(vectors("tree")["roots"][:12]):
    seed("run", struct.pack(">II", count, 65536 * count) + bytes.fromhex(root) * bin(count).count("1"))
seed("run", b"\0" * 8, b"\0" * 8 + DIGEST.encode(), b"\0" * 8 + ID.encode())

footer = b"CRNC" + bytes([1, 0, 0, 0]) + struct.pack(">III", 5, 5, 0x9A71BB4C) + bytes.fromhex(DIGEST) + bytes(12)
seed("footer", b"\0" + footer, b"\1" + footer, b"\1" + footer.replace(b"\1\0\0\0", b"\1\1\0\0", 1))
seed("chunk-file", b"\1hello" + footer, b"\2" + bytes(4) + b"hello", b"\3" + struct.pack(">I", 499) + block, b"\0")

seed(
    "bodies",
    b'\0{"length":12,"chunkSize":65536,"name":"a","type":"text/plain","fileId":"f","contentId":"%s","startOver":true}'
    % DIGEST.encode(), b"\1" + bytes.fromhex(DIGEST) * 2, b'\2{"digests":["%s","%s"]}' % ((DIGEST.encode(),) * 2),
    b'\3{"length":12,"contentId":"%s"}' % DIGEST.encode(),
    b'\4{"nonce":"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=","proofs":[{"index":3,"hmac":"%s"}]}'
    % DIGEST64.encode())
seed(
    "fields", 'attachment; filename="a\\"b.txt"; filename*=UTF-8\'\'%e2%82%ac.txt', "inline; filename*=iso-8859-1''%e9",
    "form-data; name=x; filename=y", f":{DIGEST64}:;offset=5;chunk-size=65536", f"sha-256=:{DIGEST64}:, sha-512=?1",
    "sha-256=10, sha-512=3;q", "bytes=0-4,6-,-3", "bytes=9-9 , 1000000000000000000000-", '"a", W/"b", *', "*",
    "text/plain; charset=utf-8", "filename aGVsbG8=,filetype dGV4dC9wbGFpbg==,empty", "sha1 Kq5sNclPz7QV2+lfQIuc6R7oRu0=",
    "crc32 AAAAAA==", 'for=1.2.3.4;proto=https;host="a.example", for=x', "hello.txt-12-1700000000000", "%41%zz%")

H = {"Upload-Offset": "5", "Content-Length": "7"}
tus = {"Tus-Resumable": "1.0.0"}
append = {**H, "Content-Type": "application/offset+octet-stream"}
ietf = {**H, "Content-Type": "application/partial-upload", "Upload-Complete": "?1", "Upload-Draft-Interop-Version": "8"}
requests = [
    ("GET /status", {"X-File-Id": "hello.txt-12-1700000000000"}),
    ("POST /upload", {"X-File-Id": "f", "X-Start-Byte": "5", "X-File-Size": "12", "Content-Length": "7",
                      "If-Upload-Prefix": f":{DIGEST64}:", "Content-Digest": f"sha-256=:{DIGEST64}:"}),
    ("POST /upload", {"X-File-Id": "gr\ufffdn-12-1", "Accept": "application/problem+json"}),
    ("POST /files/", {"Content-Length": "5", "Content-Disposition": 'attachment; filename="a.txt"',
                      "Repr-Digest": f"sha-256=:{DIGEST64}:", "Content-Type": "text/plain"}),
    ("PUT /files/a%20b.txt", {"Transfer-Encoding": "chunked", "Trailer": "Content-Digest, Repr-Digest"}),
    (f"GET /files/{ID}", {"Range": "bytes=0-4,6-", "If-Range": f'"{DIGEST}"'}),
    (f"GET /v1/files/{ID}", {"Range": "bytes=-3", "If-None-Match": "*", "Want-Repr-Digest": "sha-256=1"}),
    (f"HEAD /v1/files/{ID}", {"If-Match": '"a", "b"'}), (f"DELETE /v1/files/{ID}", {}),
    ("POST /files", {**tus, "Upload-Length": "12", "Upload-Metadata": "filename aGVsbG8=,filetype dGV4dC9wbGFpbg=="}),
    ("POST /files", {**tus, "Upload-Defer-Length": "1", "Upload-Concat": "partial"}),
    ("POST /files", {**tus, "Upload-Concat": f"final;/files/{ID} http://a.example/files/{ID}"}),
    (f"PATCH /files/{ID}", {**tus, **append, "Upload-Checksum": "sha1 Kq5sNclPz7QV2+lfQIuc6R7oRu0="}),
    (f"POST /files/{ID}", {**tus, **append, "X-HTTP-Method-Override": "PATCH", "Upload-Length": "99"}),
    (f"HEAD /files/{ID}", tus), (f"DELETE /files/{ID}", tus), ("OPTIONS /files", {"Origin": "http://a.example"}),
    (f"PATCH /files/{ID}", ietf), (f"HEAD /files/{ID}", {"Upload-Draft-Interop-Version": "3"}),
    ("POST /files", {"Upload-Incomplete": "?0", "Upload-Draft-Interop-Version": "3", "Content-Length": "5"}),
    ("POST /files", {"Upload-Complete": "?0", "Upload-Length": "10", "Upload-Draft-Interop-Version": "6"}),
    ("PUT /files/x", {"Upload-Complete": "?1", "Content-Length": "3"}),
    ("GET /health", {}), ("GET /v1", {}), ("GET /v1/files?limit=5&after=" + ID, {}), ("GET /v1/uploads", {}),
    ("POST /v1/uploads", {"Content-Length": "20", "Content-Type": "application/json"}),
    (f"GET /v1/uploads?file-id=a%20b&content-id={DIGEST}", {}), (f"PATCH /v1/uploads/{ID}", H),
    (f"PATCH /v1/uploads/{ID}/manifest?index=3&end=100", {"Content-Type": "application/vnd.cairn.digests"}),
    (f"PATCH /v1/uploads/{ID}/manifest?index=0", {"Content-Type": "application/json"}),
    (f"GET /v1/uploads/{ID}/manifest", {"Accept": "application/json"}),
    (f"GET /v1/uploads/{ID}/missing?index=5&count=9", {}), (f"POST /v1/uploads/{ID}/proofs", {}),
    (f"POST /v1/uploads/{ID}/complete", {}),
    (f"POST /v1/uploads/{ID}/chunks", {"Content-Type": "application/vnd.cairn.frames"}),
    (f"PUT /v1/uploads/{ID}/chunks/{DIGEST}", {"Content-Encoding": "lz4", "Unencoded-Digest": f"sha-256=:{DIGEST64}:"}),
    (f"GET /v1/files/{ID}/manifest", {}), (f"GET /v1/files/{ID}/proof?index=1", {"X-Forwarded-Proto": "https"}),
    (f"GET /v1/files/{ID}/proof?from=2", {"Forwarded": "proto=https;host=a.example", "X-Forwarded-Host": "b"}),
]
for line, fields in requests:
    seed("request", "\n".join([line] + [f"{name}:{value}" for name, value in fields.items()]))
