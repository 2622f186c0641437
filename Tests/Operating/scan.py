#!/usr/bin/env python3
"""schemathesis against a real `cairn serve`: spec/openapi.yaml is what the server does, whatever is sent.

    scan.py CAIRN SCHEMATHESIS [--examples N] [--seed N]

Three passes: ids as schemathesis makes them up (and follows them from answer to answer), then ids of a file and of an open
upload that are here, and these once more with a token, on a server that asks for one. It fails at a status of 500 or more, a status, media type, field or body that the page does not
name, a method that is taken and not named, bad input that is taken, and at a server that is not alive afterwards. Good
input may be refused: what stands against it is often what is here (409, 410, 413). The seed is printed.
"""
import argparse, hashlib, json, os, pathlib, random, re, shutil, subprocess, sys, urllib.error, urllib.request

from parts import ROOT, Rules, Server, work_folder

# A refusal for another reason is a refusal. Fields that nobody knows are no bad input, which schemathesis takes them for.
# Good input may be refused.
COMMON = '''
[checks.positive_data_acceptance]
enabled = false
[checks.negative_data_rejection]
expected-statuses = [400, 404, 405, 409, 410, 412, 413, 415, 422]
[[operations]]
include-operation-id = "append"
[operations.checks.negative_data_rejection]
enabled = false
'''
# They end what the second pass asks about.
ENDING = ('cancel', 'remove', 'complete')


def seeded(server, token):
    """The ids of a complete file of four chunks, and of an open upload with two of its four entries."""
    def ask(method, path, body=b'', **fields):
        fields |= {'Authorization': f'Bearer {token}'} if token else {}
        request = urllib.request.Request(server.url + path, body, {k.replace('_', '-'): v for k, v in fields.items()},
                                         method=method)
        with urllib.request.urlopen(request) as answer:
            return answer.read()

    chunks = [random.Random(n).randbytes(65536) for n in range(4)]
    begun = json.dumps({'length': 4 * 65536, 'chunkSize': 65536, 'name': 'seed'}).encode()
    ids = []
    for entries in (4, 2):
        upload = json.loads(ask('POST', '/v1/uploads', begun, Content_Type='application/json'))['id']
        digests = b''.join(hashlib.sha256(chunk).digest() for chunk in chunks[:entries])
        ask('PATCH', f'/v1/uploads/{upload}/manifest?index=0', digests, Content_Type='application/vnd.cairn.digests')
        if entries == 4:
            ask('PATCH', f'/v1/uploads/{upload}', b''.join(chunks), Upload_Offset='0')
        ids.append(upload)
    if json.loads(ask('GET', '/v1/files'))['files'][0]['id'] != ids[0]:
        sys.exit('the seed is no file')
    return ids, hashlib.sha256(chunks[1]).hexdigest()


def made_token(cairn, data):
    made = subprocess.run([cairn, 'token', 'create', 'scan', '--data', data], capture_output=True, text=True, check=True)
    return made.stdout.strip()


def is_refused(url):
    try:
        urllib.request.urlopen(url).close()
        return False
    except urllib.error.HTTPError as error:
        return error.code == 401


def run(options, server, work, settings, *more):
    """Its report, and whether all checks passed."""
    configuration = work / 'schemathesis.toml'
    configuration.write_text(settings)
    environment = {**os.environ, 'PYTHONPATH': str(pathlib.Path(__file__).parent),
                   'SCHEMATHESIS_HOOKS': 'scan_hooks', 'NO_COLOR': '1', 'COLUMNS': '120'}
    out = subprocess.run(
        [options.schemathesis, '--config-file', configuration, 'run', ROOT / 'spec' / 'openapi.yaml', '--url', server.url,
         '--seed', str(options.seed), '--max-examples', str(options.examples), '--no-color',
         '--continue-on-failure', '--generation-database', 'none', '--suppress-health-check', 'all', '--no-shrink',
         '--warnings', 'off', *more], env=environment, cwd=work, capture_output=True, text=True)
    return out.stdout + out.stderr, out.returncode


def known(file, upload, digest):
    """Settings by which all requests are about what is here."""
    texts = []
    for condition, parameters in (('path-regex = "^/v1/files/"', {'id': file}),
                                  ('path-regex = "^/v1/uploads/"', {'id': upload}),
                                  ('operation-id = "putChunk"', {'id': upload, 'digest': digest})):
        values = ''.join(f'"path.{key}" = "{value}"\n' for key, value in parameters.items())
        texts.append(f'[[operations]]\ninclude-{condition}\n[operations.parameters]\n{values}')
    return ''.join(texts)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('cairn', type=pathlib.Path)
    parser.add_argument('schemathesis', type=pathlib.Path)
    parser.add_argument('--examples', type=int, default=100)
    parser.add_argument('--seed', type=int, default=random.SystemRandom().randrange(10 ** 6))
    options = parser.parse_args()
    options.schemathesis = options.schemathesis.absolute()
    print(f'seed {options.seed}')
    rules, work = Rules(), work_folder('scan')
    try:
        for name in ('any ids', 'known ids', 'known ids, with a token'):
            folder = work / name.replace(' ', '-')
            folder.mkdir()
            token = made_token(options.cairn.resolve(), folder / 'data') if 'token' in name else None
            server = Server(options.cairn.resolve(), folder)
            (file, upload), digest = seeded(server, token)
            settings, more = COMMON, []
            if name != 'any ids':
                settings += known(file, upload, digest)
                more = [x for operation in ENDING for x in ('--exclude-operation-id', operation)]
            if token:
                rules.hold(f'{name}: without it one is asked for', is_refused(server.url + '/v1'))
                more += ['--header', f'Authorization: Bearer {token}']
            before = len(server.log())
            report, code = run(options, server, folder, settings, *more)
            figures = re.search(r'(\d+) generated', report)
            statuses = [line[2] for line in server.log()[before:]]
            counts = ', '.join(f'{statuses.count(status)} times {status}' for status in sorted(set(statuses)))
            if not rules.hold(f'{name}: what comes back is what spec/openapi.yaml says', code == 0 and figures,
                              f'{figures[1] if figures else 0} cases; {counts}'):
                print(report[-12000:])
            rules.hold(f'{name}: no status of 500 or more', not [x for x in statuses if x >= '500'])
            rules.hold(f'{name}: the server is alive', server.is_alive())
            server.stop()
    finally:
        shutil.rmtree(work, ignore_errors=True)
    rules.end()


main()
