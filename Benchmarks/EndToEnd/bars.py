"""The ratios that say whether Cairn is fast: each of two figures of the same round, as median and spread."""
import statistics

OURS = ('put', 'plain', 'x-start-byte', 'tus', 'ietf')
SEQUENTIAL = OURS[1:]


class Results:
    """Looks figures up."""

    def __init__(self, results):
        self.results = results
        self.subjects = {subject['key']: subject for subject in results['subjects']}

    def entry(self, scenario, subject):
        entry = self.results['results'].get(scenario, {}).get(subject, {})
        return entry if 'cannot' not in entry else {}

    def rounds(self, scenario, subject, figure='wall'):
        """Round to figure, where there is one."""
        return {run['round']: run[figure] for run in self.entry(scenario, subject).get('runs', []) if figure in run}

    def pairs(self, over, under):
        """The ratios of the rounds in which both were measured."""
        return [over[number] / under[number] for number in over if under.get(number)]

    def title(self, key):
        return 'cairn put' if key == 'put' else self.subjects[key]['title']


def bar(name, ratios, unit='×'):
    """None when nothing was measured."""
    if not ratios:
        return None
    return {'name': name, 'value': statistics.median(ratios), 'low': min(ratios), 'high': max(ratios),
            'rounds': len(ratios), 'unit': unit}


def bars(results):
    """All for which there are figures, in their order."""
    it = Results(results)
    made = [*first(it), *parts(it), *disk(it), *resume(it), *many(it), *download(it)]
    return [one for one in made if one]


def first(it):
    walls = it.rounds('first', 'put')
    yield bar('cairn put : openssl dgst, wall', it.pairs(walls, it.rounds('first', 'openssl')))
    for subject in it.subjects.values():
        if subject['group'] == 'peer' and subject['verifies']:
            yield bar(f'cairn put : {subject["title"]}, wall', it.pairs(walls, it.rounds('first', subject['key'])))
    for key in ('put', 'plain'):
        if key in it.subjects:
            yield bar(f'{it.title(key)} : curl -T to nginx, wall',
                      it.pairs(it.rounds('first', key), it.rounds('first', 'nginx')))


def parts(it):
    """What the server of a sequential dialect must do: receive from the same client and write (sink), and hash
    (openssl; it reads too)."""
    hashing = it.rounds('first', 'openssl', 'client_cpu')
    for key in SEQUENTIAL:
        if key in it.subjects:
            sink = it.rounds('first', 'sent-sink' if key == 'tus' else 'sink', 'server_cpu')
            whole = {number: sink[number] + hashing[number] for number in sink if number in hashing}
            yield bar(f'{it.title(key)} : receiving + writing + hashing, server CPU',
                      it.pairs(it.rounds('first', key, 'server_cpu'), whole))


def disk(it):
    for key in ('put', 'plain', 'x-start-byte', 'nginx'):
        if key in it.subjects:
            yield bar(f'{it.title(key)} : dd conv=fsync, wall, on a disk',
                      it.pairs(it.rounds('disk', key), it.rounds('disk', 'dd')))


def resume(it):
    """From the counted run: what went up again although the server had it, heads of requests included."""
    for key in it.subjects:
        counted = it.entry('resume', key).get('counted', {})
        if counted.get('lacking') is not None and 'up' in counted:
            yield bar(f'{it.title(key)}: sent twice when resumed at half', [counted['up'] - counted['lacking']], 'B')


def many(it):
    """Both by throughput: 64 files beside the one file of the first upload. nginx shows what the machine allows."""
    lengths = {scenario['key']: scenario['payload'] for scenario in it.results['scenarios']}
    for key in (*OURS, 'nginx'):
        if key not in it.subjects:
            continue
        walls, alone = it.rounds('many', key), it.rounds('first', key)
        if walls and alone:
            one = statistics.median(alone.values()) / lengths['first'] * lengths['many']
            yield bar(f'{it.title(key)}, 64 at once : one alone, wall of the same bytes',
                      [wall / one for wall in walls.values()])
        slowest = it.rounds('many', key, 'slowest')
        yield bar(f'{it.title(key)}, 64 at once: slowest : mean', it.pairs(slowest, it.rounds('many', key, 'mean')))


def download(it):
    for key in ('put', 'plain'):
        if key in it.subjects:
            name = 'cairn get' if key == 'put' else 'curl from Cairn'
            yield bar(f'{name} : curl from nginx, wall',
                      it.pairs(it.rounds('download', key), it.rounds('download', 'nginx')))
