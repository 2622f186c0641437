#!/usr/bin/env python3
"""Requests that two servers in a row might read as two different messages, sent to Cairn and to nginx in front of it.

    smuggling.py CAIRN [--mutants N] [--seed N] [--no-proxy]

First the shapes that are known, by name; then mutants of well-formed requests, by a seed that is printed. Each carries a
second request that must not be executed where the first one is broken, or where it lies in the first one's body: it
would make a file called `smuggled-<number>`. What was executed is read from Cairn's log. Every rule is printed with its
figure; exit code 1 when one is broken. Standard library; nginx for the last part.
"""
import argparse, collections, concurrent.futures, pathlib, random, re, shutil, socket, sys, threading, time

from parts import Proxy, Rules, Server, more_files, wait, work_folder

HOST = b'Host: localhost\r\n'
METHODS = ('GET', 'HEAD', 'PUT', 'POST', 'PATCH', 'DELETE', 'OPTIONS')


def marker(number):
    return b'PUT /files/smuggled-%d HTTP/1.1\r\nHost: localhost\r\nContent-Length: 0\r\n\r\n' % number


class Log:
    """Cairn's log as it grows: what was executed by each client port."""

    def __init__(self, path):
        self.file, self.lines, self.lock, self.rest = path.open('rb'), collections.defaultdict(list), threading.Lock(), b''
        self.total = 0

    def read(self):
        with self.lock:
            *lines, self.rest = (self.rest + self.file.read()).split(b'\n')
            for line in lines:
                if found := re.search(rb'\] (\S+) (\S+) (\d{3}) .*?from=[^ ]*:(\d+)', line):
                    self.lines[int(found[4])].append((found[1].decode(), found[2].decode(), int(found[3])))
                    self.total += 1

    def forget(self):
        self.read()
        self.lines.clear()

    def take(self, port, least):
        """The lines of a connection that has ended, once there are as many as answers."""
        wait(lambda: self.read() or len(self.lines[port]) >= least, 2, 0.005)
        with self.lock:
            return self.lines.pop(port)


def talk(port, data, closing, seconds=6.0):
    """Sends, reads to the end: the local port, what came, and whether the server closed."""
    line = socket.create_connection(('127.0.0.1', port), timeout=seconds)
    here, out = line.getsockname()[1], b''
    ended = False
    try:
        line.sendall(data)
        if closing:
            line.shutdown(socket.SHUT_WR)
        while part := line.recv(65536):
            out += part
        ended = True
    except TimeoutError:
        pass
    except OSError:
        ended = True
    line.close()
    return here, out, ended


def statuses(out, lines):
    """The final answers in `out`; HEAD answers have no body, as the log tells."""
    found, at = [], 0
    methods = [method for method, _, _ in lines]
    while out.startswith(b'HTTP/1.', at):
        end = out.find(b'\r\n\r\n', at)
        if end < 0:
            return found + [0]
        head = out[at:end]
        status = int(head[9:12])
        at = end + 4
        if status < 200:
            continue
        length = re.search(rb'\r\ncontent-length: *(\d+)', head, re.I)
        isHead = len(found) < len(methods) and methods[len(found)] == 'HEAD'
        found.append(status)
        if length and not isHead and status not in (204, 304):
            at += int(length[1])
    return found + ([0] if at < len(out) else [])


# --- The shapes that are known ----------------------------------------------------------------------------------------

REFUSED, EXECUTED, BOTH, CUT, KEPT = 'refused', 'executed', 'both executed', 'cut', 'refused with its body'


def shapes():
    """Name, bytes before the marker or with it at `%M`, and what must happen to (first, marker)."""
    def post(fields, body=b'%M', expected=REFUSED, line=b'POST /files HTTP/1.1\r\n', host=HOST):
        return line + host + fields + b'\r\n' + body, expected

    te, cl = b'Transfer-Encoding: chunked\r\n', b'Content-Length: 5\r\n'
    yield 'length and chunked', post(cl + te, b'0\r\n\r\n%M')
    yield 'chunked and length', post(te + cl, b'0\r\n\r\n%M')
    yield 'length 0 and chunked', post(b'Content-Length: 0\r\n' + te, b'0\r\n\r\n%M')
    yield 'two lengths, equal', post(cl + cl, b'hello%M')
    yield 'two lengths, different', post(cl + b'Content-Length: 0\r\n', b'hello%M')
    yield 'a list of equal lengths', post(b'Content-Length: 5, 5\r\n', b'hello%M')
    for value in (b'+5', b'-5', b'0x5', b'5 5', b'5,', b'', b'five', b'5.0', b'1e0', b'"5"', b'\xd9\xa5',
                  b'18446744073709551621', b'9223372036854775808', b'99999999999999999999999999'):
        yield f'length {value.decode(errors="replace")!r}', post(b'Content-Length: ' + value + b'\r\n', b'hello%M')
    for value in (b'Chunked, identity', b'identity', b'identity, chunked', b'gzip, chunked', b'chunked, chunked',
                  b'xchunked', b'chunked;q=1', b'\x0bchunked', b'"chunked"', b'chunked\x00', b'', b'chunked,'):
        yield f'coding {value.decode(errors="replace")!r}', post(
            b'Transfer-Encoding: ' + value + b'\r\n', b'0\r\n\r\n%M')
    yield 'two codings', post(te + te, b'0\r\n\r\n%M')
    yield 'coding that is folded', post(b'Transfer-Encoding:\r\n chunked\r\n', b'0\r\n\r\n%M')
    yield 'chunked by HTTP/1.0', post(te, b'0\r\n\r\n%M', line=b'POST /files HTTP/1.0\r\n')
    yield 'blank before the colon', post(b'Content-Length : 5\r\n', b'hello%M')
    yield 'tab before the colon', post(b'Content-Length\t: 5\r\n', b'hello%M')
    yield 'blank before the coding\'s colon', post(b'Transfer-Encoding : chunked\r\n', b'0\r\n\r\n%M')
    yield 'field that begins with a blank', post(b' Content-Length: 5\r\n', b'hello%M')
    yield 'first field begins with a blank', post(b'', line=b'POST /files HTTP/1.1\r\n X: y\r\n')
    yield 'fold', post(b'X: a\r\n b\r\n' + cl, b'hello%M')
    yield 'field without a colon', post(b'Nothing\r\n' + cl, b'hello%M')
    yield 'field without a name', post(b': x\r\n' + cl, b'hello%M')
    yield 'NUL in a name', post(b'X\x00Y: z\r\n' + cl, b'hello%M')
    yield 'NUL in a value', post(b'X: a\x00b\r\n' + cl, b'hello%M')
    yield 'bare CR in a value', post(b'X: a\rContent-Length: 0\r\n' + cl, b'hello%M')
    yield 'bare CR ends a field', post(b'X: a\r' + cl, b'hello%M')
    yield 'CR CR LF ends a field', post(b'X: a\r\r\n' + cl, b'hello%M')
    yield 'other letters in a name', post('Cöntent: 5\r\n'.encode() + cl, b'hello%M')
    yield 'two hosts', post(cl + HOST, b'hello%M')
    yield 'two hosts, different', post(cl + b'Host: other\r\n', b'hello%M')
    yield 'two hosts, one empty', post(b'Host:\r\n' + cl, b'hello%M')
    yield 'an empty host before another', post(b'Host:\r\n' + HOST + cl, b'hello%M', host=b'')
    yield 'a list of hosts', post(cl, b'hello%M', host=b'Host: localhost, other\r\n')
    yield 'an empty host', post(cl, b'hello%M', host=b'Host:\r\n')
    yield 'two hosts by HTTP/1.0', post(cl + HOST, b'hello%M', line=b'POST /files HTTP/1.0\r\n')
    yield 'no host', post(cl, b'hello%M', host=b'')
    for size in (b'-5', b'+5', b'0x5', b' 5', b'5 5', b'', b'g', b'FFFFFFFFFFFFFFFFF', b'\x005',
                 b'5\r', b'5\x00', b'_5', b'5;a\nb', b'\n5'):
        yield f'chunk size {size.decode(errors="replace")!r}', post(te, size + b'\r\nhello\r\n0\r\n\r\n%M')
    yield 'chunk longer than its size', post(te, b'3\r\nhello\r\n0\r\n\r\n%M')
    yield 'chunk shorter than its size', post(te, b'8\r\nhello\r\n0\r\n\r\n%M')
    yield 'chunk without an end of line', post(te, b'5\r\nhello0\r\n\r\n%M')
    yield 'chunk that ends by LF', post(te, b'5\r\nhello\n0\r\n\r\n%M')
    yield 'chunk size that ends by LF', post(te, b'5\nhello\r\n0\r\n\r\n%M')
    yield 'last chunk that ends by LF', post(te, b'5\r\nhello\r\n0\n\n%M')
    yield 'chunk size that ends by CR', post(te, b'5\rhello\r\n0\r\n\r\n%M')
    yield 'trailer that is broken', post(te, b'5\r\nhello\r\n0\r\nX y\r\n\r\n%M')
    yield 'length in a trailer', post(te, b'5\r\nhello\r\n0\r\nContent-Length: 99\r\n\r\n%M')
    yield 'coding in a trailer', post(te, b'5\r\nhello\r\n0\r\nTransfer-Encoding: chunked\r\n\r\n%M')
    for target in (b'', b' ', b'\x00', b'/files/\x00', b'/files\t', b'/fi les', b'files', b'/files/\x7f',
                   b'/files HTTP/1.1 x'):
        yield f'target {target.decode()!r}', post(cl, b'hello%M', line=b'POST ' + target + b' HTTP/1.1\r\n')
    for version in (b'HTTP/1.', b'HTTP/1.1.1', b'http/1.1', b'HTTP /1.1', b'HTTP/11', b'HTTP/0.9', b'HTTP/2.0',
                    b'HTTP/3.0', b'HTTP/1.10', b'HTTP/-1.1', b'HTTP/1.1 x', b'ICE/1.0', b'HTTQ/1.1'):
        yield f'version {version.decode()!r}', post(cl, b'hello%M', line=b'POST /files ' + version + b'\r\n')
    yield 'no version (HTTP/0.9)', (b'GET /v1\r\n%M', REFUSED)
    yield 'lower-case method', post(cl, b'hello%M', line=b'post /files HTTP/1.1\r\n')
    yield 'method nobody knows', post(cl, b'hello%M', line=b'SMUGGLE /files HTTP/1.1\r\n')
    yield 'method with a NUL', post(cl, b'hello%M', line=b'PO\x00ST /files HTTP/1.1\r\n')
    yield 'CONNECT', post(b'', b'%M', line=b'CONNECT localhost:80 HTTP/1.1\r\n')
    yield 'preface of HTTP/2', (b'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n%M', REFUSED)
    yield 'frames of HTTP/2', (b'\x00\x00\x12\x04\x00\x00\x00\x00\x00%M', REFUSED)
    yield 'hello of TLS', (b'\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03%M', REFUSED)
    yield 'header of 100 KiB', post(b'X: ' + b'a' * 102400 + b'\r\n' + cl, b'hello%M')
    yield 'target of 100 KiB', post(cl, b'hello%M', line=b'POST /files/' + b'a' * 102400 + b' HTTP/1.1\r\n')
    yield '2,000 fields', post(b''.join(b'X-%d: y\r\n' % n for n in range(2000)) + cl, b'hello%M')
    # Well-formed: the marker is a request of its own, or bytes of the body.
    yield 'two requests', post(cl, b'hello%M', BOTH)
    yield 'two requests, chunked', post(te, b'5\r\nhello\r\n0\r\n\r\n%M', BOTH)
    yield 'chunk extensions', post(te, b'5;a="b"\r\nhello\r\n0;c\r\n\r\n%M', BOTH)
    yield 'trailers', post(te, b'5\r\nhello\r\n0\r\nX: y\r\n\r\n%M', BOTH)
    yield 'chunk size with zeros', post(te, b'000005\r\nhello\r\n000\r\n\r\n%M', BOTH)
    yield 'coding in capitals', post(b'TRANSFER-ENCODING: CHUNKED\r\n', b'5\r\nhello\r\n0\r\n\r\n%M', BOTH)
    yield 'absolute target', post(cl, b'hello%M', BOTH, line=b'POST http://localhost/files HTTP/1.1\r\n')
    yield 'blank line first', post(cl, b'hello%M', BOTH, line=b'\r\nPOST /files HTTP/1.1\r\n')
    yield 'the marker is the body', post(b'Content-Length: %L\r\n', b'%M', EXECUTED)
    yield 'the marker is a chunk', post(te, b'%X\r\n%M\r\n0\r\n\r\n', EXECUTED)
    yield 'the marker is the body of a GET', post(
        b'Content-Length: %L\r\n', b'%M', EXECUTED, line=b'GET /v1 HTTP/1.1\r\n')
    yield 'a body of HTTP/1.0', post(cl, b'hello%M', EXECUTED, line=b'POST /files HTTP/1.0\r\n')
    yield 'close, then another', post(cl + b'Connection: close\r\n', b'hello%M', EXECUTED)
    yield 'a refusal before the body', post(
        b'Content-Length: %L\r\n', b'%M', KEPT, line=b'POST /upload HTTP/1.1\r\n')
    yield 'a chunk of 2^63 bytes', post(te, b'8000000000000000\r\nhello\r\n0\r\n\r\n%M', CUT)
    yield 'a body that is cut', post(b'Content-Length: 500\r\n', b'hello', CUT)


def filled(data, number):
    second = marker(number)
    return data.replace(b'%L', b'%d' % len(second)).replace(b'%X', b'%x' % len(second)).replace(b'%M', second)


def known(server, log, rules):
    faults, closed, count, answered = [], [], 0, collections.Counter()
    before = len(server.complete_files()) + len(server.open_uploads())
    expected_files = 0
    cases = list(enumerate(shapes()))

    def one(case):
        number, (name, (data, expected)) = case
        here, out, ended = talk(server.port, filled(data, number), closing=expected in (BOTH, EXECUTED, CUT, KEPT))
        lines = log.take(here, out.count(b'HTTP/1.1 ') and 1)
        return name, expected, out, ended, lines, number

    with concurrent.futures.ThreadPoolExecutor(32) as pool:
        for name, expected, out, ended, lines, number in pool.map(one, cases):
            count += 1
            found = statuses(out, lines)
            smuggled = [line for line in lines if f'smuggled-{number}' in line[1]]
            answered.update(found)
            good = {REFUSED: not smuggled and len(found) <= 1 and all(400 <= s < 500 for s in found),
                    BOTH: len(found) == 2 and len(smuggled) == 1 and all(s < 300 for s in found),
                    EXECUTED: len(found) == 1 and not smuggled and found[0] < 300,
                    KEPT: len(found) == 1 and not smuggled and 400 <= found[0] < 500,
                    CUT: len(found) <= 1 and not smuggled}[expected]
            expected_files += sum(1 for line in lines if line[2] == 201)
            if not good:
                faults.append(f'{name} (must be {expected}): {found} {[line[:3] for line in lines]}')
            if not ended:
                closed.append(name)
    rules.hold('known shapes are refused, executed once, or executed with the next one, each as it must be',
               not faults, f'{count} shapes, answers {dict(sorted(answered.items()))}')
    for fault in faults:
        print('     ' + fault)
    rules.hold('the connection ends after a request that is broken', not closed, closed or f'{count} connections')
    after = len(server.complete_files()) + len(server.open_uploads())
    rules.hold('nothing is kept but what was answered 201', after - before == expected_files,
               f'{after - before} files and uploads, {expected_files} times 201')


# --- Mutants ----------------------------------------------------------------------------------------------------------

TOKENS = [b'\r', b'\n', b'\r\n', b'\r\n\r\n', b'\0', b' ', b'\t', b'\x0b', b'\x0c', b':', b';', b',', b'+', b'-', b'0x',
          b'0', b'1', b'5', b'ffffffff', b'\xff', b'\x80', b'"', b'/', b'Content-Length: 0\r\n', b'Content-Length: 7\r\n',
          b'Transfer-Encoding: chunked\r\n', b'transfer-encoding:chunked\n', b'Transfer-Encoding: identity\r\n',
          b'Host: other\r\n', b'Expect: 100-continue\r\n', b'Connection: close\r\n', b'Connection: keep-alive, host\r\n',
          b'Trailer: Content-Length\r\n', b'Upgrade: h2c\r\n', b'X-HTTP-Method-Override: DELETE\r\n', b' HTTP/1.1\r\n',
          b'0\r\n\r\n', b'GET /v1 HTTP/1.1\r\n', b'chunked', b'%00', b'%0d%0a', b'*', b'http://localhost', b'HTTP/1.0']


def originals(number):
    name = b'/files/mutant-%d' % number
    inside = marker(number)
    head = b' HTTP/1.1\r\nHost: localhost\r\n'
    return [
        b'PUT ' + name + head + b'Content-Length: %d\r\n\r\n' % len(inside) + inside,
        b'PUT ' + name + head + b'Transfer-Encoding: chunked\r\n\r\n%x\r\n' % len(inside) + inside + b'\r\n0\r\n\r\n',
        b'PUT ' + name + head + b'Content-Length: 5\r\n\r\nhello' + inside,
        b'PUT ' + name + head + b'Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n' + inside,
        b'GET ' + name + head + b'Content-Length: %d\r\n\r\n' % len(inside) + inside,
        b'POST /upload' + head + b'X-File-Id: mutant-%d\r\nTransfer-Encoding: chunked\r\n\r\n%x;a=b\r\n' % (
            number, len(inside)) + inside + b'\r\n0\r\nX: y\r\n\r\n',
        b'HEAD ' + name + head + b'\r\n' + inside,
        b'POST /files' + head + b'Tus-Resumable: 1.0.0\r\nUpload-Length: 5\r\nContent-Length: 0\r\n\r\n' + inside,
    ]


def mutant(number, seed):
    """An original with one to four changes where its structure is: heads, chunk sizes, ends of lines."""
    chance = random.Random(f'{seed}-{number}')
    data = chance.choice(originals(number))
    for _ in range(chance.randint(1, 4)):
        places = [match.start() for match in re.finditer(rb'[\r\n:;, ]|\d+\r|[A-Z]', data)]
        at = chance.choice(places) + chance.randint(0, 1)
        kind = chance.random()
        if kind < 0.5:
            data = data[:at] + chance.choice(TOKENS) + data[at:]
        elif kind < 0.7:
            data = data[:at] + data[at + chance.randint(1, 3):]
        elif kind < 0.85:
            data = data[:at] + chance.choice(TOKENS) + data[at + 1:]
        else:
            end = at + chance.randint(1, 40)
            data = data[:end] + data[at:end] + data[end:]
    return data


def legal(data):
    """The targets of the requests that `data` holds by RFC 9112, up to the first fault: a reading of our own."""
    found, at = [], 0
    token = rb"[!#$%&'*+.^_`|~0-9A-Za-z-]+"
    while at < len(data):
        while data[at:at + 1] in (b'\r', b'\n'):  # as empty lines between requests are passed over
            at += 1
        end = data.find(b'\r\n\r\n', at)
        if end < 0:
            return found
        first, *fields = data[at:end].split(b'\r\n')
        line = re.fullmatch(rb'(' + token + rb') +([!-~\x80-\xff]+) +HTTP/1\.([01])', first)
        pairs = [re.fullmatch(rb'(' + token + rb'):[ \t]*([^\x00-\x08\x0a-\x1f\x7f]*?)[ \t]*', field) for field in fields]
        if not line or None in pairs:
            return found
        values = collections.defaultdict(list)
        for pair in pairs:
            values[pair[1].lower()].append(pair[2])
        lengths, codings = values[b'content-length'], values[b'transfer-encoding']
        if len(values[b'host']) > 1 or (not values[b'host'] and line[3] == b'1') or len(lengths) + len(codings) > 1:
            return found
        if codings and (codings[0].lower() != b'chunked' or line[3] == b'0'):
            return found
        if lengths and not re.fullmatch(rb'\d{1,18}', lengths[0]):
            return found
        found.append((line[1], line[2]))
        body = end + 4
        at = chunked(data, body) if codings else body + int(lengths[0] if lengths else 0)
        keeps = b'keep-alive' if line[3] == b'0' else None
        options = [option.strip() for option in b','.join(values[b'connection']).lower().split(b',')]
        if at is None or b'close' in options or (keeps and keeps not in options):
            return found
    return found


def chunked(data, at):
    """Where a chunked body that begins at `at` ends, or nil."""
    while True:
        size = re.compile(rb'([0-9A-Fa-f]{1,15})[ \t]*(;[\t -~\x80-\xff]*)?\r\n').match(data, at)
        if not size:
            return None
        at = size.end() + int(size[1], 16)
        if int(size[1], 16) == 0:
            trailer = re.compile(rb"(?:[!#$%&'*+.^_`|~0-9A-Za-z-]+:[^\x00-\x08\x0a-\x1f\x7f]*\r\n)*\r\n").match(data, at)
            return trailer.end() if trailer else None
        if data[at:at + 2] != b'\r\n':
            return None
        at += 2


def mutants(server, log, rules, count, seed):
    log.forget()
    faults, answered, executed = collections.defaultdict(list), collections.Counter(), 0

    def one(number):
        data = mutant(number, seed)
        here, out, ended = talk(server.port, data, closing=True, seconds=20)
        return number, data, out, ended, log.take(here, min(out.count(b'HTTP/1.1 '), 1))

    with concurrent.futures.ThreadPoolExecutor(24) as pool:
        for number, data, out, ended, lines in pool.map(one, range(count)):
            found = statuses(out, lines)
            answered.update(found)
            smuggled = any(f'smuggled-{number}' in path for _, path, _ in lines)
            allowed = [target for _, target in legal(data)]
            executed += smuggled
            if smuggled and not any(b'smuggled-%d' % number in target for target in allowed):
                faults['smuggled'].append((number, data, lines))
            if any(status >= 500 for status in found):
                faults['5xx'].append((number, data, lines))
            if len(found) > len(lines) or 0 in found:
                faults['answers'].append((number, data, lines, out[:200]))
            if len([line for line in lines if line[0] != '-']) > len(allowed):
                faults['more'].append((number, data, lines))
            if 400 in found and any(b'bad-framing' in part for part in [out]) and found.index(400) < len(found) - 1 \
                    and out.rfind(b'bad-framing') < out.rfind(b'HTTP/1.1'):
                faults['after'].append((number, data, lines))
            if not ended:
                faults['open'].append((number, data, lines))
    for name, sentence in (
            ('smuggled', 'no second request is executed that RFC 9112 does not see'),
            ('more', 'no mutant is read as more requests than RFC 9112 sees in it'),
            ('5xx', 'no mutant is answered by a status of 500 or more'),
            ('answers', 'no request has two answers'),
            ('after', 'nothing is answered after a framing error'),
            ('open', 'no connection stays open')):
        rules.hold(sentence, not faults[name], f'{len(faults[name])} of {count} mutants, seed {seed}')
        for fault in faults[name][:5]:
            print('     ', *fault)
    print(f'     answers {dict(sorted(answered.items()))}; the second request was executed {executed} times, rightly')


# --- nginx in front ---------------------------------------------------------------------------------------------------


def behind(server, log, rules, count, seed, work):
    """The same through nginx: Cairn must see the requests that nginx sent, and no other."""
    proxy = Proxy('nginx', server, work)
    access = work / 'nginx' / 'access'
    log.read()
    first = server.log_path.stat().st_size
    begun = len(access.read_text(errors='replace').splitlines())
    data = {number: filled(shape, number) for number, (_, (shape, _)) in enumerate(shapes())}
    base = len(data)
    data |= {number: mutant(number, seed) for number in range(base, base + count)}

    def one(number):
        talk(proxy.plain, data[number], closing=False, seconds=0.4)

    with concurrent.futures.ThreadPoolExecutor(48) as pool:
        list(pool.map(one, data))
    time.sleep(1)
    proxy.stop()
    sent = [line.split(' ') for line in access.read_text(errors='replace').splitlines()[begun:]]
    sent = [line for line in sent if line[-1] != '-']
    text = server.log_path.read_bytes()[first:].decode(errors='replace')
    seen = re.findall(r'\] (\S+) (\S+) (\d{3}) .*?from=', text)
    wanted = collections.Counter(found for line in sent for found in re.findall(r'smuggled-\d+', ' '.join(line)))
    had = collections.Counter(found for line in seen for found in re.findall(r'smuggled-\d+', line[1]))
    rules.hold('Cairn sees no request that nginx did not send', len(seen) <= len(sent),
               f'{len(seen)} seen, {len(sent)} sent, of {len(data)} connections')
    rules.hold('a second request reaches Cairn only where nginx read it as one', not had - wanted,
               f'{sum(had.values())} seen, {sum(wanted.values())} sent')
    refused = [line for line in seen if line[0] == '-']
    print(f'     {len(refused)} of them are broken for Cairn alone, and end there: methods that nobody knows '
          f'({len([line for line in sent if line[0] not in METHODS])}), control characters, targets that are not ASCII')
    rules.hold('no status of 500 or more', not [line for line in seen if line[2] >= '500'])


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('cairn', type=pathlib.Path)
    parser.add_argument('--mutants', type=int, default=3000)
    parser.add_argument('--seed', type=int, default=random.SystemRandom().randrange(10 ** 6))
    parser.add_argument('--no-proxy', action='store_true')
    options = parser.parse_args()
    more_files()
    print(f'seed {options.seed}')
    rules, work = Rules(), work_folder('smuggling')
    try:
        server = Server(options.cairn.resolve(), work, '--trusted-proxy', '127.0.0.1')
        log = Log(server.log_path)
        known(server, log, rules)
        mutants(server, log, rules, options.mutants, options.seed)
        if not options.no_proxy:
            behind(server, log, rules, options.mutants // 3, options.seed, work)
        rules.hold('the server is alive', server.is_alive())
        rules.hold('it ends as it should', server.stop() == 0)
    finally:
        shutil.rmtree(work, ignore_errors=True)
    rules.end()


main()
