"""What digests, wrong bytes and hostile names buy: nothing. Asked of a real server (spec/security.md).

    claims.py CAIRN [--tries N] [--seed N]

10,000 claims on another principal's chunks, wrong bytes under right digests by 32 at once, and 1,000 ids and names that
mean harm, under strace where it is installed.
"""
import argparse, base64, concurrent.futures, hashlib, hmac, http.client, json, os, pathlib, random, re, shutil, subprocess
import sys, tempfile, threading

sys.path.append(str(pathlib.Path(__file__).resolve().parent.parent / 'Operating'))
from parts import Rules, Server, wait

options = argparse.ArgumentParser()
options.add_argument('cairn')
options.add_argument('--tries', type=int, default=10_000)
options.add_argument('--seed', type=int, default=random.randrange(2 ** 32))
options = options.parse_args()
rules = Rules()
chance = random.Random(options.seed)
print(f'seed {options.seed}')
CHUNK, COUNT = 65536, 64
local = threading.local()


def make(name, *more):
    made = subprocess.run([options.cairn, 'token', 'create', name, '--data', data, *more], capture_output=True, text=True)
    return made.stdout.strip() or sys.exit(made.stderr)


def ask(method, path, token, body=None, **fields):
    """Status, fields, document or bytes; one connection a thread, which is made anew when it was closed."""
    fields = {name.replace('_', '-'): value for name, value in fields.items()} | {'Authorization': f'Bearer {token}'}
    for _ in range(2):
        line = getattr(local, 'line', None) or http.client.HTTPConnection('127.0.0.1', server.port, timeout=60)
        local.line = line
        try:
            line.request(method, path, body, fields)
            answer = line.getresponse()
            text = answer.read()
            break
        except (http.client.RemoteDisconnected, ConnectionError, BrokenPipeError):
            line.close()
            local.line = None
    else:
        return 0, {}, b''
    if answer.getheader('connection') == 'close':
        local.line = None
    fields = {k.lower(): v for k, v in answer.getheaders()}
    return answer.status, fields, json.loads(text) if text and 'json' in fields.get('content-type', '') else text


def begin(token, **members):
    return ask('POST', '/v1/uploads', token, json.dumps(members), Content_Type='application/json')


def name(token, upload, digests):
    return ask('PATCH', f'/v1/uploads/{upload}/manifest?index=0', token, b''.join(digests),
               Content_Type='application/vnd.cairn.digests')[2]


def prove(token, upload, nonce, proofs):
    body = {'nonce': nonce, 'proofs': [{'index': i, 'hmac': base64.b64encode(h).decode()} for i, h in proofs]}
    return ask('POST', f'/v1/uploads/{upload}/proofs', token, json.dumps(body), Content_Type='application/json')


def missing(document):
    """How many entries are missing."""
    told = document['missing']
    if 'bitmap' in told:
        return sum(byte.bit_count() for byte in base64.b64decode(told['bitmap']))
    pieces = [piece.split('-') for piece in told['ranges'].split(',') if piece]
    return sum(int(piece[-1]) - int(piece[0]) + 1 for piece in pieces)


def claims():
    """Bar 31: digests of another principal, of this namespace and of another."""
    ann, bob, carol = make('ann'), make('bob'), make('carol', '--namespace', 'other')
    wait(lambda: ask('GET', '/v1', carol)[0] == 200)
    chunks = [chance.randbytes(CHUNK) for _ in range(COUNT)]
    digests = [hashlib.sha256(chunk).digest() for chunk in chunks]
    theirs = ask('PUT', '/files/film', ann, b''.join(chunks))[1]['location'].rsplit('/', 1)[-1]
    content_id = ask('GET', f'/v1/files/{theirs}', ann)[1]['etag'].strip('"')
    tries, references, sent, opened, nonces = 0, 0, 0, [], []
    mine = hmac.digest
    while tries < options.tries:
        token = chance.choice((bob, carol))
        status, _, begun = begin(token, length=COUNT * CHUNK, chunkSize=CHUNK, contentId=content_id)
        tries, references = tries + 1, references + (status != 201)
        upload = begun['id']
        opened.append((token, upload))
        named = name(token, upload, digests)
        tries, references = tries + COUNT, references + COUNT - missing(named)
        nonce = named['nonce']
        raw = base64.b64decode(nonce)
        wrong = {
            'guessed': [chance.randbytes(32) for _ in digests],
            'of the digest': [mine(raw, digest, 'sha256') for digest in digests],
            'of no key': [mine(b'', chunk, 'sha256') for chunk in chunks],
            'of another chunk': [mine(raw, chunk[:-1], 'sha256') for chunk in chunks],
        }
        for kind, proofs in wrong.items():
            fresh = name(token, upload, digests)['nonce'] if kind != 'guessed' else nonce
            answer = prove(token, upload, fresh, list(enumerate(proofs)))[2]
            tries, references = tries + COUNT, references + COUNT - missing(answer)
        # Right proofs under a nonce that was used, that is of another upload, or that nobody gave.
        nonces.append(nonce)
        for old in (nonce, chance.choice(nonces), base64.b64encode(chance.randbytes(16)).decode()):
            right = [mine(base64.b64decode(old), chunk, 'sha256') for chunk in chunks]
            answer = prove(token, upload, old, list(enumerate(right)))[2]
            tries, references = tries + COUNT, references + COUNT - missing(answer)
        for method, path in (('GET', '/v1/files/{}'), ('GET', '/files/{}'), ('GET', '/v1/files/{}/manifest'),
                             ('POST', '/v1/uploads/{}/complete'), ('DELETE', '/files/{}')):
            status, _, text = ask(method, path.format(theirs), token)
            tries, references = tries + 1, references + (status not in (404, 409))
            sent += len(text) if isinstance(text, bytes) else 0
    for token, upload in opened:
        status, _, text = ask('GET', f'/v1/files/{upload}', token)
        sent += len(text) if isinstance(text, bytes) else 0
        references += ask('GET', f'/v1/uploads/{upload}', token)[2]['offset'] > 0
    rules.hold('claims on what others have bring no byte and no reference', sent == 0 and references == 0,
               f'{tries} tries, {sent} bytes, {references} references')
    upload = begin(bob, length=COUNT * CHUNK, chunkSize=CHUNK)[2]['id']
    nonce = name(bob, upload, digests)['nonce']
    proofs = [mine(base64.b64decode(nonce), chunk, 'sha256') for chunk in chunks]
    rules.hold('but who holds the bytes proves it', missing(prove(bob, upload, nonce, list(enumerate(proofs)))[2]) == 0)
    upload = begin(carol, length=COUNT * CHUNK, chunkSize=CHUNK)[2]['id']
    nonce = name(carol, upload, digests)['nonce']
    proofs = [mine(base64.b64decode(nonce), chunk, 'sha256') for chunk in chunks]
    rules.hold('and not in another namespace, where they are not',
               missing(prove(carol, upload, nonce, list(enumerate(proofs)))[2]) == COUNT)


def block(plain):
    """An LZ4 block of literals alone."""
    length, head = len(plain) - 15, b''
    while length >= 255:
        head, length = head + b'\xff', length - 255
    return b'\xf0' + head + bytes([length]) + plain


def poisoning():
    """Bar 33: wrong bytes under a right digest."""
    liars, honest = [make(f'liar-{n}') for n in range(4)], make('honest')
    wait(lambda: ask('GET', '/v1', honest)[0] == 200)
    statuses, rounds = [], 10
    for _ in range(rounds):
        right = chance.randbytes(CHUNK)
        digest = hashlib.sha256(right)
        bad = [chance.randbytes(CHUNK), right[:-1] + bytes([right[-1] ^ 1]), right[:-1], bytes(CHUNK)]

        def bring(token, body, **fields):
            upload = begin(token, length=CHUNK, chunkSize=CHUNK)[2]['id']
            name(token, upload, [digest.digest()])
            status = ask('PUT', f'/v1/uploads/{upload}/chunks/{digest.hexdigest()}', token, body, **fields)[0]
            return status, ask('POST', f'/v1/uploads/{upload}/complete', token)[0], upload

        with concurrent.futures.ThreadPoolExecutor(33) as pool:
            lies = [pool.submit(bring, chance.choice(liars), body if n % 2 else block(body),
                                **({} if n % 2 else {'Content_Encoding': 'lz4'}))
                    for n, body in enumerate(chance.choices(bad, k=32))]
            truth = pool.submit(bring, honest, right)
            statuses += [lie.result()[:2] for lie in lies]
            status, done, upload = truth.result()
        rules.broken += not (status == 201 and done == 201 and ask('GET', f'/v1/files/{upload}', honest)[2] == right)
    rules.hold('wrong bytes by 32 at once, plain and packed, are never kept, and one honest client is served',
               all(s in (413, 422, 400) and c == 409 for s, c in statuses),
               f'{len(statuses)} lies, statuses {sorted({s for s, _ in statuses})}')


def hostile():
    """Texts that mean harm as an id, a name or a path."""
    seeds = ['../' * n + 'etc/passwd' for n in range(1, 12)] + ['/etc/passwd', '..', '.', '...', '\\..\\..\\x', 'a/../../b',
             '%2e%2e%2f' * 3, '%252e%252e%252f' * 3, '..%c0%af..%c0%af', '%c0%ae%c0%ae/', '\xc0\xae', 'a\0b', '%00', 'CON', 'a%0d%0ab',
             '~root', '$HOME', '`id`', ';id', '|id', "' OR 1=1 --", '"; DROP TABLE upload', 'file:///etc/passwd', 'A' * 65536,
             'f' * 31, 'f' * 33, 'F' * 32, '0' * 31 + 'g', '0' * 32 + '/../..', '-' * 32, ' ' * 32, '０' * 32, 'tokens.json',
             '../tokens.json', 'LOCK', '\u202e', '.lock', 'ledger.sqlite']
    while len(seeds) < 700:
        text = ''.join(chance.choice(['../', '%2e', '%2f', '..', '/', '\\', 'a', '0f', '%00', '%c0%af', '\x7f', ';']) for _ in range(chance.randrange(1, 40)))
        seeds.append(text)
    return seeds


def escaped(text):
    """As it may stand in the target of a request."""
    return ''.join(c if 0x21 <= ord(c) < 0x7f and c not in '?#' else ''.join(f'%{b:02x}' for b in c.encode('utf-8', 'surrogatepass')) for c in text)


def names():
    """Bar 34: nothing that a client says becomes a part of a path."""
    token = make('stranger')
    wait(lambda: ask('GET', '/v1', token)[0] == 200)
    secret = pathlib.Path(f'{folder}/canary')
    secret.write_text('canary')
    statuses, count = {}, 0
    doors = [('GET', '/files/{}'), ('HEAD', '/files/{}'), ('DELETE', '/v1/files/{}'), ('GET', '/v1/uploads/{}'),
             ('PATCH', '/files/{}'), ('PUT', '/v1/uploads/' + '0' * 32 + '/chunks/{}'), ('GET', '/v1/files/{}/manifest')]
    for text in hostile():
        for method, path in chance.sample(doors, 2):
            status = ask(method, path.format(escaped(text)), token)[0]
            statuses[status], count = statuses.get(status, 0) + 1, count + 1
    rules.hold('hostile ids and digests are refused', set(statuses) <= {0, 400, 404, 405, 415, 431}, f'{count}: {statuses}')
    statuses, count = {}, 0
    for text in hostile():
        short = text[:200]
        latin = short.encode('utf-8').decode('latin-1').translate({c: '_' for c in [0, 10, 13, 127]})
        for put in (
            lambda: ask('POST', '/upload', token, b'x', X_File_Id=latin),
            lambda: begin(token, name=short, fileId=short),
            lambda: ask('POST', '/files', token, b'', Tus_Resumable='1.0.0', Upload_Length='1',
                        Upload_Metadata='filename ' + base64.b64encode(short.encode()).decode()),
            lambda: ask('PUT', '/files/x', token, b'x', Content_Disposition=f'attachment; filename="{latin}"'),
        ):
            status = put()[0]
            statuses[status], count = statuses.get(status, 0) + 1, count + 1
    rules.hold('hostile names are kept as they are, or refused', set(statuses) <= {0, 200, 201, 400, 409}, f'{count}: {statuses}')
    shape = re.compile(r'(format\.json|LOCK|tokens\.json(\.lock)?|ledger\.sqlite(-wal|-shm)?|ns(/[a-z0-9-]+(/chunks(/[0-9a-f]{3}(/[0-9a-f]{64})?)?'
                       r'|/manifests(/[0-9a-f]{2}(/[0-9a-f]{32})?)?)?)?|tails(/[0-9a-f]{32}-[0-9a-f]+)?|tmp|backup(/ledger-[^/]+)?|quarantine(/[0-9a-f.]+(\.bad)?)?|trash(/[0-9a-f]{2}(/[0-9a-f]+\.\d+)?)?)')
    odd = [path for path in (str(p.relative_to(data)) for p in pathlib.Path(data).rglob('*')) if not shape.fullmatch(path)]
    rules.hold('in the data directory are the names of its format and no others', not odd, odd[:3])
    return secret


def traced(process, work):
    """What the server opens, makes, renames or removes while `work` goes on; nil without strace."""
    if not shutil.which('strace'):
        print('     strace is not installed: what the server opens is not looked at')
        return work(), None
    log = f'{folder}/strace'
    tracer = subprocess.Popen(['strace', '-f', '-qq', '-s', '4096', '-e', 'trace=%file', '-o', log, '-p', str(process)], stderr=subprocess.DEVNULL)
    wait(lambda: 'TracerPid:\t0' not in pathlib.Path(f'/proc/{process}/status').read_text(), 5)
    work()
    tracer.terminate()
    tracer.wait()
    return None, pathlib.Path(log).read_text(errors='replace')


with tempfile.TemporaryDirectory() as folder:
    data = f'{folder}/data'
    make('first')
    server = Server(options.cairn, folder, '--chunk-size', '64K')
    claims()
    poisoning()
    _, calls = traced(server.process.pid, names)
    if calls is not None:
        opened = set(re.findall(r'(?:openat|linkat|renameat2?|unlinkat|mkdirat|newfstatat|open|stat|lstat|access|unlink|mkdir)\([^"]*"((?:[^"\\]|\\.)*)"', calls))
        ours = re.compile(r'\.|[0-9a-f]{2,3}|[0-9a-f]{32}|[0-9a-f]{64}|[0-9a-f]{32}-[0-9a-f]+|[0-9a-f]+\.\d+|replacing-[0-9a-f]{1,16}|tokens\.json|/proc/self/fd/\d+'
                          rf'|{re.escape(data)}/ledger\.sqlite(-wal|-shm|-journal)?|/(proc|sys|dev|etc/localtime|usr/share/zoneinfo)\S*|')
        outside = [path for path in opened if not ours.fullmatch(path)]
        rules.hold('no path outside, and none that a client made up, reaches the system', opened and not outside,
                   f'{len(opened)} different paths; {outside[:3]}')
    rules.hold('the server is well', server.is_alive())
    server.stop()
rules.end()
