"""Hooks of a server: hooks.py CAIRN. Commands and posts, allowed, refused, too slow, gone, and tried again."""
import argparse, hashlib, hmac, http.client, http.server, json, pathlib, shutil, socket, subprocess, threading, time

import parts

arguments = argparse.ArgumentParser()
arguments.add_argument('cairn')
options = arguments.parse_args()
rules = parts.Rules()
folder = parts.work_folder('hooks')
SECRET = b'a secret of the operator'
(folder / 'secret').write_bytes(SECRET + b'\n')


def script(name, text):
    path = folder / name
    path.write_text(f'#!/bin/sh\n{text}\n')
    path.chmod(0o755)
    return path


class Listener:
    """Answers posts as `answers` says, the last one again and again, and keeps them."""

    def __init__(self, *answers):
        self.answers, self.posts = list(answers), []
        listener = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_POST(self):
                body = self.rfile.read(int(self.headers['content-length']))
                listener.posts.append((dict(self.headers), body))
                status, text, pause = listener.answers.pop(0) if len(listener.answers) > 1 else listener.answers[0]
                time.sleep(pause)
                self.send_response(status)
                self.send_header('content-length', str(len(text)))
                self.end_headers()
                self.wfile.write(text.encode())

            def log_message(self, *_):
                pass

        self.server = http.server.ThreadingHTTPServer(('127.0.0.1', 0), Handler)
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        self.url = f'http://127.0.0.1:{self.server.server_port}/hook'

    def isSigned(self, post):
        headers, body = post
        pieces = dict(piece.split('=') for piece in headers.get('cairn-signature', 't=,v1=').split(','))
        right = hmac.new(SECRET, pieces['t'].encode() + b'.' + body, hashlib.sha256).hexdigest()
        return hmac.compare_digest(right, pieces['v1']) and abs(time.time() - int(pieces['t'] or 0)) < 300


def ask(server, method, path, body=b'', fields={}):
    connection = http.client.HTTPConnection('127.0.0.1', server.port, timeout=60)
    connection.request(method, path, body, fields)
    answer = connection.getresponse()
    text = answer.read().decode()
    connection.close()
    return answer.status, text


def told(path):
    return [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []


def run(name, *hooks):
    place = folder / name
    place.mkdir()
    return parts.Server(options.cairn, place, *hooks)


# Commands.
events = folder / 'events'
before = script('before', '''read -r line
case "$CAIRN_HOOK_NAME" in
*.exe) echo "no programs here"; echo more; exit 1 ;;
slow*) sleep 60 & wait ;;
killed*) kill -9 $$ ;;
loud*) yes | head -c 100000 ;;
left*) sleep 60 & echo "not this one"; exit 1 ;;
esac''')
after = script('after', f'cat >> {events}')
server = run('commands', '--hook-before', before, '--hook-after', after, '--hook-timeout', '1')
status, text = ask(server, 'PUT', '/files/a.txt', b'abc')
rules.hold('what the hook allows goes on', status == 201, status)
rules.hold('a finish is told, with the file', parts.wait(lambda: [e for e in told(events) if e['event'] == 'finished'
           and e['name'] == 'a.txt' and e['length'] == 3 and len(e['contentId'] or '') == 64]), told(events))
refusals = [
    ('plain', ask(server, 'PUT', '/files/b.exe', b'abc')),
    ('tus', ask(server, 'POST', '/files', b'', {
        'Tus-Resumable': '1.0.0', 'Upload-Length': '3', 'Upload-Metadata': 'filename Yi5leGU='})),
    ('native', ask(server, 'POST', '/v1/uploads', json.dumps({'length': 3, 'name': 'b.exe'}).encode(),
                   {'Content-Type': 'application/json'})),
    ('IETF', ask(server, 'POST', '/files', b'abc', {
        'Upload-Complete': '?1', 'Upload-Draft-Interop-Version': '6',
        'Content-Disposition': 'attachment; filename="b.exe"'}))]
for dialect, (status, text) in refusals:
    rules.hold(f'what it refuses does not begin, and the client hears why ({dialect})',
               status == 403 and 'no programs here' in text and 'more' not in text, (status, text[:200]))
rules.hold('a refusal is told', parts.wait(lambda: len(
    [e for e in told(events) if e['event'] == 'refused' and e['problem'] == 'refused-by-hook']) >= 4),
    [e['problem'] for e in told(events)])
start = time.monotonic()
for name in ('slow', 'killed', 'loud'):
    status, text = ask(server, 'PUT', f'/files/{name}', b'abc')
    rules.hold(f'without an answer of the hook nothing begins ({name})', (status, 'hook-failed' in text) == (503, True),
               status)
causes = server.log_path.read_text()
rules.hold('the log says why there was no answer', all(
    word in causes for word in ('no end within 1', 'ended by signal 9', '65536')), causes[-600:])
status, text = ask(server, 'PUT', '/files/left', b'abc')
rules.hold('one that leaves a child behind is heard', status == 403 and 'not this one' in text, (status, text[:200]))
rules.hold('one that is too slow is not waited for', time.monotonic() - start < 30)
crowd = [socket.create_connection(('127.0.0.1', server.port)) for _ in range(2000)]
status, _ = ask(server, 'PUT', '/files/crowd', b'abc')
rules.hold('a hook runs while 2,000 connections are open', status == 201, status)
for connection in crowd:
    connection.close()
status, _ = ask(server, 'POST', '/upload', b'x' * 10, {'X-File-Id': 'a', 'X-File-Size': '20'})
asked = status
status, _ = ask(server, 'POST', '/upload', b'x' * 10, {'X-File-Id': 'a', 'X-Start-Byte': '10', 'X-File-Size': '20'})
rules.hold('X-Start-Byte goes on where it was', (asked, status) == (200, 200), (asked, status))
rules.hold('nothing of what was refused is here', len(server.complete_files()) == 3 and not server.open_uploads(),
           (server.complete_files(), server.open_uploads()))
rules.hold('reading asks nobody', ask(server, 'GET', '/files/0123456789abcdef0123456789abcdef')[0] == 404)
rules.hold('the server stops', server.stop() == 0)

# Posts.
ear = Listener((500, '', 0), (503, '', 0), (200, '', 0))
gate = Listener((403, 'full for today\nmore', 0), (200, '', 0))
server = run('posts', '--hook-before', gate.url, '--hook-after', ear.url, '--hook-secret', folder / 'secret')
status, text = ask(server, 'PUT', '/files/a', b'abc')
rules.hold('a post that is answered 403 refuses', status == 403 and 'full for today' in text, (status, text[:100]))
status, text = ask(server, 'PUT', '/files/a', b'abc')
rules.hold('one that is answered 200 allows', status == 201, status)
parts.wait(lambda: len(ear.posts) >= 4)
deliveries = [headers['cairn-delivery'] for headers, _ in ear.posts]
rules.hold('an event is posted again until it is taken, as the same delivery', len(deliveries) >= 4
           and len(set(deliveries)) == 2, deliveries)
rules.hold('posts are signed over their time and body', all(map(ear.isSigned, ear.posts + gate.posts)))
rules.hold('the secret is nowhere', SECRET not in server.log_path.read_bytes()
           and all(SECRET not in body for _, body in ear.posts))
rules.hold('the server stops', server.stop() == 0)

gone = Listener((200, '', 0))
gone.server.shutdown()
gone.server.server_close()
server = run('gone', '--hook-after', gone.url)
rules.hold('a hook that nobody answers delays no upload', ask(server, 'PUT', '/files/a', b'abc')[0] == 201)
for index in range(1100):
    ask(server, 'POST', '/upload', b'abc', {'X-File-Id': 'b', 'X-Start-Byte': '7'})
many = server.log_path.read_text().count('too many events wait')
rules.hold('what waits has a limit, and what is lost is logged', many > 0, many)
start = time.monotonic()
rules.hold('a stop does not wait for it', server.stop() == 0 and time.monotonic() - start < 60)

for wrong in (['--hook-before', 'relative'], ['--hook-before', '/nowhere/hook'], ['--hook-secret', folder / 'none'],
              ['--hook-timeout', '0']):
    command = [options.cairn, 'serve', '--data', folder / 'never', *wrong]
    failed = subprocess.run(command, capture_output=True, text=True)
    rules.hold(f'{wrong[0]} {pathlib.Path(wrong[1]).name} is refused at once', failed.returncode in (64, 66)
               and not (folder / 'never').exists(), failed.stderr.strip().splitlines()[0])
shutil.rmtree(folder)
rules.end()
