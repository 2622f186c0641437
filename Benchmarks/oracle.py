#!/usr/bin/env python3
"""Whether answers tell what another principal of the namespace has: their status, fields, body and time.

    oracle.py CAIRN [--samples N]

A client's view of `present` (what another principal has) against `absent` (what nobody has), in random order: naming
digests, also that of a chunk in many places, failing a proof, offering a file by its content id, and bringing the
bytes, as a chunk and as a file. For each the medians, and the two-sample Kolmogorov-Smirnov p-value: above 0.01 the two
cannot be told apart by so many samples.
"""
import argparse, base64, hashlib, http.client, json, math, os, pathlib, random, statistics, subprocess, sys, tempfile, time

sys.path.append(str(pathlib.Path(__file__).resolve().parent.parent / 'Tests' / 'Operating'))
from parts import Server, wait

options = argparse.ArgumentParser()
options.add_argument('cairn')
options.add_argument('--samples', type=int, default=10_000)
options = options.parse_args()
CHUNK = 65536


def make(name):
    made = subprocess.run([options.cairn, 'token', 'create', name, '--data', data], capture_output=True, text=True)
    return made.stdout.strip() or sys.exit(made.stderr)


class Client:
    def __init__(self, token):
        self.line = http.client.HTTPConnection('127.0.0.1', server.port, timeout=60)
        self.token = token

    def ask(self, method, path, body=None, kind='application/json'):
        """Seconds to the end of the answer; status, names of fields, document."""
        start = time.perf_counter()
        self.line.request(method, path, body, {'Authorization': f'Bearer {self.token}', 'Content-Type': kind})
        answer = self.line.getresponse()
        text = answer.read()
        seconds = time.perf_counter() - start
        fields = sorted(name.lower() for name, _ in answer.getheaders())
        return seconds, answer.status, fields, json.loads(text) if text.startswith(b'{') else {}

    def begin(self, count=1):
        return self.ask('POST', '/v1/uploads', json.dumps({'length': count * CHUNK, 'chunkSize': CHUNK}))[3]['id']

    def name(self, upload, digests):
        return self.ask('PATCH', f'/v1/uploads/{upload}/manifest?index=0', b''.join(digests), 'application/vnd.cairn.digests')


def p_value(left, right):
    """Two-sample Kolmogorov-Smirnov, asymptotic."""
    left, right, i, j, most = sorted(left), sorted(right), 0, 0, 0.0
    while i < len(left) and j < len(right):
        at = min(left[i], right[j])
        while i < len(left) and left[i] <= at:
            i += 1
        while j < len(right) and right[j] <= at:
            j += 1
        most = max(most, abs(i / len(left) - j / len(right)))
    scale = math.sqrt(len(left) * len(right) / (len(left) + len(right)))
    lam = (scale + 0.12 + 0.11 / scale) * most
    return most, min(1.0, max(0.0, 2 * sum((-1) ** (k - 1) * math.exp(-2 * k * k * lam * lam) for k in range(1, 101))))


def compare(what, samples, sides):
    """`sides`: present and absent, each a call that returns an answer as `ask` does."""
    times, shapes = ([], []), (set(), set())
    for side in random.sample([0, 1] * (samples // 2), samples // 2 * 2):
        seconds, status, fields, document = sides[side]()
        shape = {k: v for k, v in document.items() if k not in ('id', 'nonce', 'created', 'expires', 'instance', 'name', 'prefix', 'url', 'contentId')}
        times[side].append(seconds)
        shapes[side].add((status, tuple(fields), json.dumps(shape, sort_keys=True)))
    distance, p = p_value(*times)
    medians = [statistics.median(side) * 1e6 for side in times]
    print(f'{what:28} {len(times[0]) + len(times[1]):6} samples  present {medians[0]:8.0f} us  absent {medians[1]:8.0f} us  '
          f'D {distance:.3f}  p {p:.2g}  {"same" if shapes[0] == shapes[1] else "OTHER"} status, fields and body', flush=True)


with tempfile.TemporaryDirectory() as folder:
    data = f'{folder}/data'
    ann, bob = make('ann'), make('bob')
    server = Server(options.cairn, folder, '--chunk-size', '64K')
    owner, other = Client(ann), Client(bob)
    # Each can be brought once only: from then on it is also the other's.
    chunks = [os.urandom(CHUNK) for _ in range(options.samples)]
    known = [hashlib.sha256(chunk).digest() for chunk in chunks]
    for start in range(0, len(chunks), 256):
        owner.line.request('PUT', f'/files/{start}', b''.join(chunks[start:start + 256]), {'Authorization': f'Bearer {ann}'})
        owner.line.getresponse().read()
    listed = subprocess.run([options.cairn, 'ls', '--to', server.url, '--json'], capture_output=True, text=True,
                            env={**os.environ, 'CAIRN_TOKEN': ann})
    files = [json.loads(line)['contentId'] for line in listed.stdout.splitlines()]

    def named(digest):
        upload = other.begin()
        answer = other.name(upload, [digest])
        other.ask('DELETE', f'/v1/uploads/{upload}')
        return answer

    for name in ('zeros', 'more zeros'):
        owner.line.request('PUT', f'/files/{name}'.replace(' ', '-'), bytes(256 * CHUNK), {'Authorization': f'Bearer {ann}'})
        owner.line.getresponse().read()
    zeros = hashlib.sha256(bytes(CHUNK)).digest()
    compare('naming what is in much', options.samples, [lambda: named(zeros), lambda: named(os.urandom(32))])
    compare('naming a digest', options.samples, [lambda: named(random.choice(known)), lambda: named(os.urandom(32))])

    def failed(digest):
        upload = other.begin()
        nonce = other.name(upload, [digest])[3]['nonce']
        proof = {'nonce': nonce, 'proofs': [{'index': 0, 'hmac': base64.b64encode(os.urandom(32)).decode()}]}
        answer = other.ask('POST', f'/v1/uploads/{upload}/proofs', json.dumps(proof))
        other.ask('DELETE', f'/v1/uploads/{upload}')
        return answer

    compare('failing a proof', options.samples, [lambda: failed(random.choice(known)), lambda: failed(os.urandom(32))])

    def offered(content):
        answer = other.ask('POST', '/v1/uploads', json.dumps({'length': 256 * CHUNK, 'chunkSize': CHUNK, 'contentId': content}))
        other.ask('DELETE', f'/v1/uploads/{answer[3]["id"]}')
        return answer

    compare('offering a content id', options.samples, [lambda: offered(random.choice(files)), lambda: offered(os.urandom(32).hex())])
    spare = list(chunks)
    random.shuffle(spare)
    # Made before: who makes them between two requests leaves the server more time to come to rest.
    fresh = [os.urandom(CHUNK) for _ in chunks]

    def put(chunk):
        digest = hashlib.sha256(chunk)
        upload = other.begin()
        other.name(upload, [digest.digest()])
        return other.ask('PUT', f'/v1/uploads/{upload}/chunks/{digest.hexdigest()}', chunk, 'application/octet-stream')

    compare('putting a chunk', options.samples, [lambda: put(spare.pop()), lambda: put(fresh.pop())])

    def whole(chunk):
        return other.ask('PUT', '/files/b', chunk, 'application/octet-stream')

    compare('putting a file', options.samples, [lambda: whole(spare.pop()), lambda: whole(fresh.pop())])
    server.stop()
