"""What the curves say: tables, exponents, and what they come to for 1 PB and 10,000 clients (spec/scale.md)."""
import math
import statistics
import sys

import measuring
from chart import picture
from measuring import MIB
from report import size

GIB = 1 << 30
CHUNK = 4 * MIB             # what the server cuts by unless told otherwise
MOST_ENTRIES = 1 << 20      # of a file (spec/http.md, "Limits")
MOST_CONNECTIONS = 4_096    # of a server
PETABYTE, CLIENTS, DAY = 10 ** 15, 10_000, 86_400

# Of each curve: its title, what grows, and what is looked at.
TITLES = {
    'length': ('Length', 'bytes', 'wall'), 'sparse': ('Length of holes', 'bytes', 'wall'),
    'entries': ('Entries', 'entries', 'named'), 'chunks': ('Chunks in the store', 'chunks', 'median'),
    'connections': ('Connections at once', 'connections', 'wall')}
WORDS = {
    'bytes': 'length', 'wall': 'wall s', 'longest': 'longest', 'sent': 'most sent', 'client': 'client CPU s',
    'server': 'server CPU s', 'clientMiB': 'client MiB', 'serverMiB': 'server MiB', 'entries': 'entries',
    'named': 'named in s', 'state': 'state ms', 'completed': 'completed in ms', 'rest': 'at rest', 'chunks': 'chunks',
    'started': 'started in s', 'median': 'median ms', 'most': '99 % ms', 'ledger': 'ledger',
    'connections': 'connections', 'perSecond': 'uploads/s', 'slowest': 'slowest ms', 'silentMiB': 'silent ones MiB'}
MILLISECONDS = ('state', 'completed', 'median', 'most', 'slowest')


def slope(rows, x, y):
    """What one more of x costs, by least squares."""
    xs, ys = [row[x] for row in rows], [row[y] for row in rows]
    middle, level = statistics.mean(xs), statistics.mean(ys)
    return sum((a - middle) * (b - level) for a, b in zip(xs, ys)) / sum((a - middle) ** 2 for a in xs)


def exponent(rows, x, y):
    """b of y = a·x^b over the upper half of the rows: 1 is linear, 0 costs nothing more."""
    some = [row for row in rows[len(rows) // 2 - 1:] if row[y] > 0]
    if len(some) < 2:
        return 0.0
    logs = [{'x': math.log(row[x]), 'y': math.log(row[y])} for row in some]
    return slope(logs, 'x', 'y')


def word(name, value):
    if name in ('bytes', 'rest', 'ledger', 'sent'):
        return size(value)
    if name in MILLISECONDS:
        return f'{value * 1000:.1f}'
    return f'{value:,}' if isinstance(value, int) else f'{value:.0f}' if value >= 100 else f'{value:.2f}'


def table(rows):
    names = list(rows[0])
    lines = [f'| {" | ".join(WORDS[name] for name in names)} |', f'|{"--:|" * len(names)}']
    return lines + [f'| {" | ".join(word(name, row[name]) for name in names)} |' for row in rows]


def arithmetic(curves):
    """What the figures come to, in sentences. Each says what it is made of."""
    entries = PETABYTE // CHUNK
    lines = [f'1 PB in chunks of 4 MiB is {entries:,} chunks and entries. A file has at most {MOST_ENTRIES:,}, which '
             f'is {MOST_ENTRIES * CHUNK >> 40} TiB; these are {-(-entries // MOST_ENTRIES):,} files at least.']
    for name, tell in (('length', of_length), ('entries', of_entries), ('chunks', of_chunks),
                       ('connections', of_connections)):
        if name in curves:
            lines += tell(curves[name], entries)
    return [f'- {line}' for line in lines]


def of_length(rows, _):
    server, client = slope(rows, 'bytes', 'server'), slope(rows, 'bytes', 'client')
    yield (f'A GiB more costs the server {server * GIB:.2f} CPU s and the client {client * GIB:.2f}. 1 PB is '
           f'{PETABYTE * server / DAY:.1f} days of one core of a server, and {PETABYTE * client / DAY:.1f} of clients.')
    yield (f'Memory does not follow length: at most {max(row["serverMiB"] for row in rows):.0f} MiB in the server and '
           f'{max(row["clientMiB"] for row in rows):.0f} in the client.')


def of_entries(rows, entries):
    named, rest = slope(rows, 'entries', 'named'), slope(rows, 'entries', 'rest')
    yield (f'An entry more takes {named * 1e6:.1f} µs to name and {rest:.0f} bytes at rest. Those of 1 PB take '
           f'{entries * named / 60:.0f} minutes of one connection and {entries * rest / GIB:.0f} GiB.')


def of_chunks(rows, entries):
    ledger, first, last = slope(rows, 'chunks', 'ledger'), rows[0], rows[-1]
    yield (f'A chunk more, with one entry, is {ledger:.0f} bytes of ledger: {entries * ledger / GIB:.0f} GiB for 1 PB, '
           f'beside {entries:,} files. The start took {max(row["started"] for row in rows):.2f} s at most.')
    yield (f'A small upload takes {last["median"] / first["median"]:.2f} times as long over {last["chunks"]:,} chunks '
           f'as over {first["chunks"]:,}.')


def of_connections(rows, _):
    silent, last = slope(rows, 'connections', 'silentMiB') * 1024, rows[-1]
    yield (f'A silent connection takes {silent:.1f} KiB. {CLIENTS:,} would take {CLIENTS * silent / 1024:,.0f} MiB, '
           f'and {-(-CLIENTS // MOST_CONNECTIONS)} servers, as one takes {MOST_CONNECTIONS:,}.')
    yield (f'{last["connections"]:,} at once are served at {last["perSecond"]:.0f} uploads/s, at best it is '
           f'{max(row["perSecond"] for row in rows):.0f}. {CLIENTS:,} clients with 64 KiB each, at that rate, have '
           f'their last answer after {CLIENTS / last["perSecond"]:.1f} s.')


def text_of(curves, abouts, state):
    """Lines of Markdown. abouts: what each curve measures."""
    facts = state.dictionary()
    lines = [f'{facts["date"]} UTC, {facts["cpu"]}, {measuring.CORES} cores; load average before it '
             f'{state.load[0]:.2f}.']
    if state.is_loaded:
        lines += ['', f'**{state.sentence()}**']
    for name, rows in curves.items():
        title, x, y = TITLES[name]
        lines += ['', f'### {title}', '', abouts[name], '', *table(rows), '',
                  f'Exponent of *{WORDS[y]}* over the upper half: {exponent(rows, x, y):.2f}.']
    return lines + ['', '### What it comes to', '', *arithmetic(curves)]


def write(page, lines, curves):
    """Puts the lines between the marks of the page, and the picture beside it."""
    old = page.read_text()
    start, end = '<!-- curves.py writes from here -->', '<!-- to here -->'
    if start not in old or end not in old:
        sys.exit(f'{page} has no marks')
    head, rest = old.split(start, 1)
    page.write_text(f'{head}{start}\n' + '\n'.join(lines) + f'\n{end}{rest.split(end, 1)[1]}')
    drawing = page.parent / 'images' / 'scale.svg'
    drawing.write_text(picture([(TITLES[name], rows) for name, rows in curves.items()]))
