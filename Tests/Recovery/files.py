#!/usr/bin/env python3
"""Whether a data directory survives the loss of any one of its files (spec/checking.md, "Which file may be lost").

    files.py CAIRN [--every N]

Makes a directory with finished files, an open upload and a tail, and ends its server by kill -9. Then for each file in
it, or of the chunks and records every N-th, and for each way to lose it (deleted, cut in half, emptied, zeroed): put
the directory back as it was, lose the file, start a server, do what it says when it refuses, and fetch every finished file. A file that is not
identical, and whose own bytes were not the ones that were lost, ends this with 1. Standard library only.
"""
import argparse, hashlib, http.client, os, pathlib, re, shutil, signal, subprocess, sys, tempfile, threading, time


def arguments():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('cairn', type=pathlib.Path)
    parser.add_argument('--every', type=int, default=1)
    return parser.parse_args()


class Refused(Exception):
    pass


class Server:
    def __init__(self, cairn, data):
        self.process = subprocess.Popen(
            [cairn, 'serve', '--listen', '127.0.0.1:0', '--data', data], stdout=subprocess.PIPE,
            stderr=subprocess.PIPE, text=True)
        self.log = []
        reader = threading.Thread(target=lambda: self.log.extend(self.process.stderr), daemon=True)
        reader.start()
        for line in self.process.stdout:
            if found := re.search(r'listening on http://([^:]+):(\d+)', line):
                self.host, self.port = found[1], int(found[2])
                return
        self.process.wait()
        reader.join()
        raise Refused(''.join(self.log))

    def ask(self, method, path, body=None, headers={}):
        connection = http.client.HTTPConnection(self.host, self.port, timeout=60)
        try:
            connection.request(method, path, body, headers)
            answer = connection.getresponse()
            return answer.status, answer.headers, answer.read()
        except (http.client.HTTPException, OSError) as error:
            return 0, {}, str(error).encode()
        finally:
            connection.close()

    def end(self, how=signal.SIGTERM):
        self.process.send_signal(how)
        self.process.wait()


def make(cairn, data):
    """Finished files, by id; the server was killed while a tail stood there."""
    server, files = Server(cairn, data), {}
    shared = os.urandom(1 << 20)
    for number in range(6):
        body = shared + os.urandom(200_000 + number) if number % 2 else b'a line of a log\n' * 20_000 + b'%d' % number
        status, headers, _ = server.ask('PUT', f'/files/file-{number}', body)
        assert status in (200, 201), status
        files[headers['Location'].rsplit('/', 1)[1]] = body
    status, headers, _ = server.ask('POST', '/files', b'half of a file', {
        'Tus-Resumable': '1.0.0', 'Upload-Length': '1000', 'Content-Type': 'application/offset+octet-stream'})
    assert status == 201, status
    server.end(signal.SIGKILL)
    return files


def files_of(data):
    return {path.relative_to(data): path for path in map(pathlib.Path, (
        os.path.join(folder, name) for folder, _, names in os.walk(data) for name in names))}


def restore(data, contents):
    for path, place in files_of(data).items():
        if path not in contents:
            place.unlink()
    for path, content in contents.items():
        (data / path).write_bytes(content)


def lose(path, way):
    length = path.stat().st_size
    if way == 'deleted':
        path.unlink()
    else:
        with open(path, 'r+b') as file:
            if way == 'zeroed':
                file.write(bytes(length))
            else:
                file.truncate(length // 2 if way == 'cut' else 0)


def started(cairn, data):
    """A server, after what the refusal said was done; and whether that was needed."""
    try:
        return Server(cairn, data), False
    except Refused as refusal:
        if 'cairn store rebuild' not in str(refusal):
            raise
    done = subprocess.run([cairn, 'store', 'rebuild', data], capture_output=True, text=True)
    if done.returncode:
        raise Refused(f'rebuild ended with {done.returncode}: {done.stderr}')
    return Server(cairn, data), True


def lost(server, files):
    """The files that are not what they were, once the server has looked at its records."""
    end, left = time.monotonic() + 5, dict(files)
    while left and time.monotonic() < end:
        for id in list(left):
            if server.ask('GET', f'/v1/files/{id}')[2] == left[id]:
                del left[id]
        if left:
            time.sleep(0.1)
            if all(server.ask('GET', f'/v1/files/{id}')[0] == 503 for id in left):
                break
    return left


def main():
    options = arguments()
    folder = pathlib.Path(tempfile.mkdtemp(prefix='cairn-recovery-'))
    failures, tried, rebuilt, hurt = [], 0, 0, 0
    try:
        data = folder / 'data'
        files = make(options.cairn, data)
        contents = {path: place.read_bytes() for path, place in files_of(data).items()}
        paths = sorted(path for path, content in contents.items() if content)
        many = [path for path in paths if path.parts[0] == 'ns']
        paths = [path for path in paths if path.parts[0] != 'ns'] + many[::options.every]
        for path in paths:
            for way in ('deleted', 'cut', 'emptied', 'zeroed'):
                restore(data, contents)
                lose(data / path, way)
                tried += 1
                try:
                    server, was_rebuilt = started(options.cairn, data)
                except Refused as refusal:
                    failures.append(f'{path} {way}: does not start: {refusal}')
                    continue
                rebuilt += was_rebuilt
                gone = lost(server, files)
                server.end()
                is_chunk = 'chunks' in path.parts
                may = {id for id, body in files.items() if is_chunk and holds(body, path.name)}
                hurt += len(gone)
                if set(gone) - may:
                    failures.append(f'{path} {way}: {len(set(gone) - may)} files are lost')
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    print(f'recovery: {len(paths)} files lost in four ways each, {tried} starts, {rebuilt} rebuilds; '
          f'{hurt} finished files damaged where their own bytes were lost, {len(failures)} failures')
    for failure in failures:
        print('  ' + failure)
    sys.exit(bool(failures))


def holds(body, name, size=4 << 20):
    return any(hashlib.sha256(body[at:at + size]).hexdigest() == name for at in range(0, len(body), size))


main()
