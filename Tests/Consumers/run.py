"""The three consumers of Cairn's libraries, run: run.py FOLDER, where they were built."""
import argparse, os, pathlib, re, signal, subprocess, sys, tempfile, time, urllib.request

arguments = argparse.ArgumentParser(description=__doc__)
arguments.add_argument('folder', type=pathlib.Path)
options = arguments.parse_args()
broken = 0


def rule(words, holds):
    global broken
    print(f'{"ok" if holds else "BROKEN"}  {words}', flush=True)
    broken += not holds


def run(name, *words):
    return subprocess.run([options.folder / name, *map(str, words)], capture_output=True, text=True, timeout=120)


def consume(folder):
    file, copy = folder / 'file', folder / 'copy'
    file.write_bytes(os.urandom(9 * (1 << 20) + 5))
    log = folder / 'log'
    with open(log, 'w') as errors:
        server = subprocess.Popen([options.folder / 'OwnServer', folder / 'server'], stderr=errors)
    try:
        address = None
        while not address and server.poll() is None:
            time.sleep(0.02)
            address = re.search(r'listening on (127\.0\.0\.1:[1-9]\d*)', log.read_text())
        rule('OwnServer listens', address)
        if not address: return print(log.read_text())
        address = f'http://{address[1]}'
        with urllib.request.urlopen(f'{address}/hello') as answer:
            rule('its own route is asked of nobody', answer.read() == b"the application's own\n")
        for token, status in [('sesame', 401), ('sesame-of-bob', 403)]:
            refused = run('PutAndGet', address, token, file, copy)
            rule(f'who may not put is told {status}', refused.stdout == f'not allowed: {status}\n')
        first = run('PutAndGet', address, 'sesame-of-ada', file, copy)
        rule('PutAndGet puts and gets', f'{file.stat().st_size} fetched' in first.stdout)
        rule('the copy is the file', copy.exists() and copy.read_bytes() == file.read_bytes())
        again = run('PutAndGet', address, 'sesame-of-ada', file, copy)
        rule('the second time nothing is sent', ' 0 sent' in again.stdout)
    finally:
        server.send_signal(signal.SIGTERM)
        rule('OwnServer ends by a signal', server.wait(timeout=60) == 0)
    length = 9 * (1 << 20) + 5
    inside = run('InProcess', folder / 'inside', length)
    rule('InProcess reads what it stored', inside.stdout.endswith('the same\n') and f'{length} bytes' in inside.stdout)


with tempfile.TemporaryDirectory(dir='.build', prefix='consumers-') as folder:
    consume(pathlib.Path(folder).resolve())
sys.exit(broken)
