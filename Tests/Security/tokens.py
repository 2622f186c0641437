"""Who may what, asked of a real server: tokens, rights, namespaces, revocation (spec/security.md).

    tokens.py CAIRN
"""
import http.client, json, os, pathlib, socket, subprocess, sys, tempfile, time

sys.path.append(str(pathlib.Path(__file__).resolve().parent.parent / 'Operating'))
from parts import Rules, Server, wait

CAIRN = sys.argv[1]
rules = Rules()


def command(*arguments, token=None):
    environment = {**os.environ, 'HOME': folder, **({'CAIRN_TOKEN': token} if token else {})}
    return subprocess.run([CAIRN, *arguments], capture_output=True, text=True, env=environment)


def make(name, *options):
    made = command('token', 'create', name, '--data', data, *options)
    if made.returncode:
        sys.exit(made.stderr)
    return made.stdout.strip()


def ask(method, path, token=None, body=None, headers=()):
    line = http.client.HTTPConnection('127.0.0.1', server.port, timeout=30)
    fields = dict(headers)
    if token:
        fields['Authorization'] = f'Bearer {token}'
    line.request(method, path, body, fields)
    answer = line.getresponse()
    text = answer.read()
    line.close()
    return answer.status, dict((k.lower(), v) for k, v in answer.getheaders()), text


def problem(answer):
    return json.loads(answer[2])['type'].rsplit('/', 1)[-1]


def put(token, content, name='a'):
    status, fields, _ = ask('PUT', f'/files/{name}', token, content)
    return status, fields.get('location', '').rsplit('/', 1)[-1]


with tempfile.TemporaryDirectory() as folder:
    data = f'{folder}/data'
    refused = command('serve', '--listen', '0.0.0.0:0', '--plain-http', '--data', data)
    rules.hold('without tokens a server of all addresses is refused, and the error names the next step',
               refused.returncode == 64 and 'cairn token create' in refused.stderr and '--open' in refused.stderr)

    ann, bob = make('ann'), make('bob')
    reader = make('ann-reader', '--principal', 'ann', '--rights', 'get')
    other = make('carol', '--namespace', 'other')
    chief = make('chief', '--rights', 'put,get,list,delete,admin')
    kept = pathlib.Path(f'{data}/tokens.json')
    rules.hold('the file of tokens holds no secret and is readable by its owner alone',
               not any(t.rsplit('_', 1)[1] in kept.read_text() for t in (ann, bob, reader, other, chief))
               and kept.stat().st_mode & 0o777 == 0o600)
    server = Server(CAIRN, folder, '--chunk-size', '64K')

    wrong = [None, 'x', ann + '0', ann[:-1] + ('0' if ann[-1] != '0' else '1'), ann.upper(), 'cairn_' + '0' * 16 + '_' + '0' * 64]
    doors = [('GET', '/v1'), ('GET', '/v1/files'), ('GET', '/status'), ('POST', '/upload'), ('PUT', '/files/a'),
             ('POST', '/files'), ('HEAD', '/files/' + '0' * 32), ('GET', '/files/nonsense'), ('GET', '/nowhere')]
    answers = [ask(method, path, token) for token in wrong for method, path in doors]
    rules.hold('without a token that counts every door answers 401 and says how to send one',
               all(s == 401 and f.get('www-authenticate', '').startswith('Bearer') for s, f, _ in answers[:-1]
                   if s != 404), len(answers))
    rules.hold('whether the server is well, and what its paths can be asked, is told to all',
               ask('GET', '/health')[0] == 200 and ask('OPTIONS', '/files')[0] == 204)

    status, file = put(ann, b'of ann' * 1000)
    rules.hold('one who may put and get finds what it put', status == 201
               and ask('GET', f'/files/{file}', ann)[2] == b'of ann' * 1000)
    absent = '0' * 32
    for who, token in (('another principal', bob), ('another namespace', other)):
        same = True
        for method, path in [('GET', '/files/{}'), ('HEAD', '/files/{}'), ('GET', '/v1/files/{}'),
                             ('GET', '/v1/uploads/{}'), ('DELETE', '/files/{}'), ('DELETE', '/v1/files/{}'),
                             ('GET', '/v1/files/{}/manifest'), ('GET', '/v1/files/{}/proof?index=0'),
                             ('POST', '/v1/uploads/{}/complete'), ('GET', '/v1/uploads/{}/missing')]:
            theirs, none = (ask(method, path.format(i), token) for i in (file, absent))
            strip = lambda a: (a[0], sorted(k for k in a[1] if k != 'date'), [
                v for k, v in json.loads(a[2] or b'{}').items() if k != 'instance'])
            same &= theirs[0] in (404, 410) and strip(theirs) == strip(none)
        rules.hold(f'what is not yours and what is not there are one answer: {who}', same)
    rules.hold('a right that is lacking on what one may see is 403 and names it',
               [ask('DELETE', f'/files/{file}', reader)[0], ask('GET', '/v1/files', reader)[0],
                put(reader, b'x')[0]] == [403] * 3
               and json.loads(ask('DELETE', f'/v1/files/{file}', reader)[2])['rights'] == ['put', 'delete'])
    rules.hold('a right that is lacking on what one may not see is 404',
               ask('DELETE', f'/files/{put(bob, b"y")[1]}', reader)[0] == 404)
    rules.hold('tokens of one principal share what it has', ask('GET', f'/files/{file}', reader)[0] == 200)
    rules.hold('an administrator sees what is in the namespace, and nothing of another',
               ask('GET', f'/files/{file}', chief)[0] == 200
               and ask('GET', f'/files/{put(other, b"z")[1]}', chief)[0] == 404
               and {f['id'] for f in json.loads(ask('GET', '/v1/files', chief)[2])['files']} >= {file})
    listed = json.loads(ask('GET', '/v1/files?limit=1', ann)[2])['files']
    rules.hold('a list has the files of the principal, however many others there are', [f['id'] for f in listed] == [file])

    # The command.
    path = pathlib.Path(folder) / 'film'
    path.write_bytes(os.urandom(30_000_000))
    sent = command('put', str(path), '--to', server.url, '--json', token=ann)
    known = command('put', str(path), '--to', server.url, '--json', '--token', ann)
    again = command('put', str(path), '--to', server.url, '--json', token=bob)
    elsewhere = command('put', str(path), '--to', server.url, '--json', token=other)
    rules.hold('the command takes a token, by option or by variable',
               sent.returncode == 0 and json.loads(known.stdout)['sent'] == 0)
    rules.hold('what another principal of the namespace has is proven to be held, and not sent',
               json.loads(again.stdout)['sent'] == 0)
    rules.hold('what another namespace has is sent', json.loads(elsewhere.stdout)['sent'] == 30_000_000)
    rules.hold('without one it ends with the code for that', command('ls', '--from', server.url).returncode == 77)

    # Taken back in the middle.
    def begin(token, length, part):
        raw = socket.create_connection(('127.0.0.1', server.port))
        raw.sendall(f'POST /upload HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {token}\r\nX-File-Id: long\r\n'
                    f'X-File-Size: {length}\r\nContent-Length: {length}\r\n\r\n'.encode() + part)
        return raw

    def cut_after(raw, sends):
        """Seconds until the connection ends or is answered, and the answer; more is sent meanwhile, or nothing."""
        start = time.monotonic()
        raw.settimeout(0.05)
        text = b''
        while time.monotonic() - start < 10:
            try:
                if sends:
                    raw.sendall(b'z' * 1000)
                got = raw.recv(65536)
                if not got or b'\r\n\r\n' in (text := text + got):
                    break
            except TimeoutError:
                continue
            except OSError:
                break
        return time.monotonic() - start, text

    content = os.urandom(2_000_000)
    for sends, what in ((True, 'that sends'), (False, 'that is silent')):
        token = make(f'short-{sends}', '--principal', 'dora')
        wait(lambda: ask('GET', '/v1', token)[0] == 200)
        raw = begin(token, len(content), content[:700_000])
        wait(lambda: int(ask('GET', '/status', token, headers={'X-File-Id': 'nothing'})[0]) == 200)
        time.sleep(2.5)
        taken = command('token', 'revoke', f'short-{sends}', '--data', data)
        seconds, text = cut_after(raw, sends)
        rules.hold(f'a running request {what} is cut once its token is taken back',
                   taken.returncode == 0 and seconds < 10 and (b' 401 ' in text[:20] or not text),
                   f'after {seconds:.2f} s, answered {text[:12].decode()!r}')
        rules.hold('the token counts no more', ask('GET', '/v1', token)[0] == 401)
        new = make(f'next-{sends}', '--principal', 'dora')
        wait(lambda: ask('GET', '/v1', new)[0] == 200)
        offset = int(ask('GET', '/status', new, headers={'X-File-Id': 'long'})[2])
        rules.hold('what came is kept, and a new token of the principal goes on', 600_000 < offset < len(content), offset)
        ask('DELETE', f'/v1/uploads/{json.loads(ask("GET", "/v1/uploads", new)[2])["uploads"][0]["id"]}', new)

    for token in ('ann', 'bob', 'carol', 'chief', 'ann-reader', 'next-True', 'next-False'):
        command('token', 'revoke', token, '--data', data)
    rules.hold('when the last token is taken back nobody comes in', wait(lambda: ask('GET', '/v1', chief)[0] == 401)
               and ask('GET', '/v1')[0] == 401)
    kept.unlink()
    time.sleep(1.2)
    rules.hold('nor when their file is gone while the server runs', ask('GET', '/v1')[0] == 401)
    server.stop()

with tempfile.TemporaryDirectory() as folder:
    data = f'{folder}/data'
    server = Server(CAIRN, folder)
    put(None, b'before')
    ann, everyone = make('ann'), make('old', '--principal', 'everyone')
    rules.hold('a server that had no tokens asks for one from a second after the first is made',
               wait(lambda: ask('GET', '/v1')[0] == 401, 3) and ask('GET', '/v1', ann)[0] == 200)
    rules.hold('what was there before is that of the principal everyone',
               len(json.loads(ask('GET', '/v1/files', everyone)[2])['files']) == 1
               and not json.loads(ask('GET', '/v1/files', ann)[2])['files'])
    server.stop()
rules.end()
