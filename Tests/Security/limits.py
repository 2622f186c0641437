"""What a token may have at once, and what an upload link lets one bring, asked of a real server (spec/security.md).

    limits.py CAIRN
"""
import base64, concurrent.futures, hashlib, hmac, http.client, json, os, pathlib, socket, subprocess, sys, tempfile, time

sys.path.append(str(pathlib.Path(__file__).resolve().parent.parent / 'Operating'))
from parts import Rules, Server, wait

CAIRN = sys.argv[1]
rules = Rules()
LIMIT = 1_000_000


def command(*arguments):
    environment = {**os.environ, 'HOME': folder}
    return subprocess.run([CAIRN, *arguments], capture_output=True, text=True, env=environment)


def make(name, *options):
    made = command('token', 'create', name, '--data', data, *options)
    if made.returncode:
        sys.exit(made.stderr)
    return made.stdout.strip()


def ask(method, path, token=None, body=None, **fields):
    """Status, fields, document or bytes."""
    fields = {name.replace('_', '-'): value for name, value in fields.items()}
    if token:
        fields['Authorization'] = f'Bearer {token}'
    line = http.client.HTTPConnection('127.0.0.1', server.port, timeout=60)
    line.request(method, path, body, fields, encode_chunked='Transfer-Encoding' in fields)
    answer = line.getresponse()
    text = answer.read()
    line.close()
    fields = {k.lower(): v for k, v in answer.getheaders()}
    return answer.status, fields, json.loads(text) if text and 'json' in fields.get('content-type', '') else text


def begin(token, length=None, **members):
    """The native door."""
    body = json.dumps({**({} if length is None else {'length': length}), **members})
    return ask('POST', '/v1/uploads', token, body, Content_Type='application/json')


def tus(token, length, **fields):
    return ask('POST', '/files', token, b'', Tus_Resumable='1.0.0', Upload_Length=str(length), **fields)


def plain(token, length, name='a', **fields):
    return ask('PUT', f'/files/{name}', token, os.urandom(length), **fields)


def old(token, length, name='a', **fields):
    return ask('POST', '/upload', token, os.urandom(length), X_File_Id=name, X_File_Size=str(length),
               Accept='application/problem+json', **fields)


def ietf(token, length, **fields):
    """By hand: http.client takes an interim answer for the final one."""
    head = {'Host': 'x', 'Authorization': f'Bearer {token}', 'Upload-Draft-Interop-Version': '8', 'Upload-Complete': '?1',
            'Content-Length': str(length), 'Connection': 'close', **fields}
    with socket.create_connection(('127.0.0.1', server.port), timeout=60) as line:
        line.sendall('\r\n'.join(['POST /files HTTP/1.1', *(f'{k}: {v}' for k, v in head.items()), '', '']).encode())
        try:
            line.sendall(os.urandom(length))
        except OSError:
            pass  # it was refused
        text = b''
        while part := line.recv(65536):
            text += part
    while text.startswith(b'HTTP/1.1 1'):
        text = text.split(b'\r\n\r\n', 1)[1]
    head, body = text.split(b'\r\n\r\n', 1)
    return int(head.split()[1]), {}, json.loads(body) if b'json' in head else body


DOORS = {'native': begin, 'tus': tus, 'plain': plain, 'X-Start-Byte': old, 'IETF': ietf}


def clear(token):
    for kind in ('uploads', 'files'):
        for entry in ask('GET', f'/v1/{kind}', token)[2][kind]:
            ask('DELETE', f'/v1/{kind}/{entry["id"]}', token)


def sum_of(token):
    return sum(f['length'] for f in ask('GET', '/v1/files', token)[2]['files'])


def quotas():
    token = make('small', '--limit-length', str(LIMIT))
    wait(lambda: ask('GET', '/v1', token)[0] == 200)
    for door, put in DOORS.items():
        at = put(token, LIMIT)[0]
        clear(token)
        over = [put(token, LIMIT + 1), put(token, 100 * LIMIT if door in ('native', 'tus') else 3 * LIMIT)]
        rules.hold(f'bytes at the limit are taken, one more and many more are not, and the limit is told: {door}',
                   at in (200, 201) and all(s == 413 and d['limit'] == 'bytes' and d['maximum'] == LIMIT for s, _, d in over),
                   [at] + [s for s, _, _ in over])
        clear(token)
    with concurrent.futures.ThreadPoolExecutor(64) as pool:
        answers = list(pool.map(lambda n: plain(token, 100_000, str(n)), range(64)))
    kept = sum_of(token)
    rules.hold('64 at once never have more than the limit together', kept <= LIMIT and {a[0] for a in answers} <= {201, 413, 429},
               f'{kept} of {LIMIT}; ' + ', '.join(f'{s}: {sum(a[0] == s for a in answers)}' for s in (201, 413, 429)))
    clear(token)
    status = ask('PUT', '/files/a', token, iter([b'x' * 1000]), Transfer_Encoding='chunked')
    rules.hold('where bytes are counted, a body whose length is not told is 411', status[0] == 411)
    status, fields, _ = tus(token, LIMIT)
    path = fields['location'].split(str(server.port), 1)[-1]
    status, _, _ = ask('PATCH', path, token, os.urandom(LIMIT), Tus_Resumable='1.0.0', Upload_Offset='0',
                       Content_Type='application/offset+octet-stream')
    rules.hold('an upload that fits is not refused while its bytes come', status == 204, status)
    rules.hold('what is removed is given back', plain(token, 1)[0] == 413 and not clear(token) and plain(token, LIMIT)[0] == 201)

    token = make('few', '--limit-uploads', '3')
    wait(lambda: ask('GET', '/v1', token)[0] == 200)
    for door, put in (('native', begin), ('tus', tus)):
        statuses = [put(token, 10)[0] for _ in range(3)]
        status, _, document = put(token, 10)
        rules.hold(f'open uploads over the limit are 429, which names it: {door}',
                   statuses == [201] * 3 and status == 429 and document['limit'] == 'uploads' and document['maximum'] == 3)
        clear(token)
    with concurrent.futures.ThreadPoolExecutor(64) as pool:
        answers = list(pool.map(lambda n: begin(token, 10)[0], range(64)))
    rules.hold('64 at once never have more open than the limit', answers.count(201) <= 3 and set(answers) <= {201, 429},
               f'{answers.count(201)} of 3')

    token = make('slow', '--limit-rate', str(1 << 20))
    wait(lambda: ask('GET', '/v1', token)[0] == 200)
    start = time.monotonic()
    with concurrent.futures.ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda n: plain(token, 1 << 20, str(n)), range(4)))
    print(f'     4 MiB over four connections at 1 MiB/s: {time.monotonic() - start:.1f} s')


def link_by_hand(token, nonce, length, types, expires):
    """What spec/security.md shows: any language's own HMAC will do."""
    _, token_id, secret = token.split('_')
    key = hmac.digest(secret.encode(), b'cairn upload link 1', 'sha256')
    claims = json.dumps({'token': token_id, 'nonce': nonce, 'length': length, 'types': types, 'expires': expires})
    signed = 'cairn-link.' + base64.urlsafe_b64encode(claims.encode()).decode().rstrip('=')
    return f'{signed}.{hmac.new(key, signed.encode(), "sha256").hexdigest()}'


def links():
    owner, unsigning = make('backend', '--links'), make('plain')
    wait(lambda: ask('GET', '/v1', unsigning)[0] == 200)
    soon = int(time.time()) + 3600

    def fresh(length=LIMIT, types=(), expires=soon):
        return link_by_hand(owner, os.urandom(8).hex(), length, list(types), expires)

    for door, put in DOORS.items():
        link = fresh()
        first = put(link, LIMIT // 2)
        if door in ('native', 'tus'):
            upload = first[2]['id'] if door == 'native' else first[1]['location'].rsplit('/', 1)[-1]
            ask('PATCH', f'/files/{upload}', link, os.urandom(1000), Tus_Resumable='1.0.0', Upload_Offset='0',
                Content_Type='application/offset+octet-stream')
            ask('PATCH', f'/files/{upload}', link, os.urandom(LIMIT // 2 - 1000), Tus_Resumable='1.0.0',
                Upload_Offset='1000', Content_Type='application/offset+octet-stream')
        again = [another(link, LIMIT // 2 - 1)[0] for another in DOORS.values()]
        rules.hold(f'a link brings one file and no second, by whatever door: {door}',
                   first[0] in (200, 201) and all(s in (400, 409) for s in again)
                   and len(ask('GET', '/v1/files', owner)[2]['files']) == 1, [first[0]] + again)
        clear(owner)
    for door, put in DOORS.items():
        over = put(fresh(), LIMIT + 1)[0]
        rules.hold(f'a file longer than the link allows is refused: {door}', over == 413, over)
    link = fresh()
    chunked = ask('PUT', '/files/a', link, iter([b'x' * 500_000] * 4), Transfer_Encoding='chunked')[0]
    rules.hold('so is one whose length is not told, when it has come to it', chunked == 413
               and not ask('GET', '/v1/files', owner)[2]['files'], chunked)
    typed = {'native': lambda t: begin(fresh(types=['image/*']), 10, type=t), 'plain': lambda t: plain(fresh(types=['image/*']), 10, Content_Type=t),
             'X-Start-Byte': lambda t: old(fresh(types=['image/*']), 10, Content_Type=t)}
    rules.hold('a media type that the link does not allow is 415, and one that it does is not',
               all(put('text/plain')[0] == 415 and put('image/png')[0] in (200, 201) for put in typed.values()))
    clear(owner)

    with concurrent.futures.ThreadPoolExecutor(32) as pool:
        link = fresh()
        list(pool.map(lambda n: plain(link, 1000, str(n))[0], range(32)))
    rules.hold('32 at once with one link leave one file', len(ask('GET', '/v1/files', owner)[2]['files']) == 1)
    counts = []
    for _ in range(20):
        clear(owner)
        link = fresh()
        with concurrent.futures.ThreadPoolExecutor(16) as pool:
            list(pool.map(lambda n: list(DOORS.values())[2 + n % 3](link, 1000)[0], range(32)))
        counts.append(len(ask('GET', '/v1/files', owner)[2]['files']))
    rules.hold('32 at once through three doors never leave more, 20 times', set(counts) <= {0, 1}, counts)
    clear(owner)
    plain(owner, 1000)
    theirs = ask('GET', '/v1/files', owner)[2]['files'][0]['id']
    other = fresh()
    seen = [ask(m, p.format(theirs), other)[0] for m, p in (
        ('GET', '/files/{}'), ('GET', '/v1/uploads/{}'), ('DELETE', '/v1/files/{}'), ('HEAD', '/files/{}'))]
    rules.hold('a link shows nothing of what else its owner has', seen == [404] * 4
               and ask('GET', '/v1/files', other)[0] == 403, seen)
    content = os.urandom(65536)
    digest = hashlib.sha256(content).hexdigest()
    plain_file = ask('PUT', '/files/known', owner, content)
    content_id = ask('GET', f'/v1/files/{plain_file[1]["location"].rsplit("/", 1)[-1]}', owner)[1]['etag'].strip('"')
    begun = begin(other, 65536, contentId=content_id)
    named = ask('PATCH', f'/v1/uploads/{begun[2]["id"]}/manifest?index=0', other, json.dumps({'digests': [digest]}),
                Content_Type='application/json')
    rules.hold('nor do a content id and a digest that its owner has', begun[0] == 201 and named[0] == 200
               and '0' in json.dumps(named[2]['missing']), named[2].get('missing'))
    clear(owner)

    link = fresh()
    bad = [link[:-1] + ('0' if link[-1] != '0' else '1'), link.upper(), link + 'x', link.replace('cairn-link', 'cairn'),
           link_by_hand(unsigning, 'n', LIMIT, [], soon), fresh(expires=int(time.time()) - 1), 'cairn-link..', 'cairn-link.e30.' + '0' * 64]
    claims = link.split('.')[1]
    wider = base64.urlsafe_b64encode(base64.urlsafe_b64decode(claims + '==').replace(b'1000000', b'9000000')).decode().rstrip('=')
    bad.append(link.replace(claims, wider))
    flipped = [link[:i] + ('A' if link[i] != 'A' else 'B') + link[i + 1:] for i in range(len(link))]
    answers = {ask('GET', '/v1', text)[0] for text in bad + flipped}
    rules.hold('a link that was changed, is of another key, or is over, is 401', answers == {401}, len(bad + flipped))

    status, fields, _ = ask('POST', f'/files?link={link}', None, b'', Tus_Resumable='1.0.0', Upload_Length='5')
    path = fields['location'].split(str(server.port), 1)[-1]
    done = ask('PATCH', path, None, b'hello', Tus_Resumable='1.0.0', Upload_Offset='0',
               Content_Type='application/offset+octet-stream')[0]
    rules.hold('in an address a link stands in that of the upload, too', status == 201 and link in path and done == 204)
    rules.hold('a token does not count in an address', ask('GET', f'/v1?link={owner}')[0] == 401)
    clear(owner)

    signed = command('link', '--token', owner, '--length', '40000000', '--type', 'video/*', '--json')
    path = pathlib.Path(folder) / 'film.mp4'
    path.write_bytes(os.urandom(30_000_000))
    sent = command('put', str(path), '--to', server.url, '--token', json.loads(signed.stdout)['link'], '--type', 'video/mp4')
    files = ask('GET', '/v1/files', owner)[2]['files']
    rules.hold('the command signs links and puts with them, and the file is the owner\'s',
               sent.returncode == 0 and [f['length'] for f in files] == [30_000_000], sent.stderr[-200:])
    half = fresh()
    begin(half, 1000)
    command('token', 'revoke', 'backend', '--data', data)
    rules.hold('links of a token that was taken back count no more', wait(lambda: ask('GET', '/v1', half)[0] == 401))


with tempfile.TemporaryDirectory() as folder:
    data = f'{folder}/data'
    make('first')
    server = Server(CAIRN, folder, '--chunk-size', '64K')
    quotas()
    links()
    server.stop()
rules.end()
