"""Results as JSON, as tables in Markdown, and as a page (page.py)."""
import json
import statistics
import subprocess

import scenarios
from machine import DISTURBED
from page import page

MIB = 1 << 20


def results(state, options, subjects, wanted, payloads, measured, sizes):
    """What is written as JSON. Lengths are bytes, times seconds; memory is MiB."""
    version = subprocess.run([options.cairn, '--version'], capture_output=True, text=True)
    return {
        'machine': state.dictionary(),
        'settings': {'quick': options.quick, 'cairn': version.stdout.strip() or None, 'line': scenarios.LINE,
                     'small': sizes.small, 'directory': str(options.directory)},
        'subjects': [{name: getattr(subject, name) for name in ('key', 'title', 'group', 'verifies', 'about')}
                     for subject in subjects],
        'scenarios': [{'key': scenario.key, 'title': scenario.title, 'about': scenario.about,
                       'payload': payloads.get(scenario.key, 0)}
                      for scenario in scenarios.SCENARIOS if scenario.key in wanted],
        'results': measured,
    }


def spread(entry, figure):
    """(median, least, most) of the rounds, or None."""
    values = [run[figure] for run in entry.get('runs', []) if figure in run]
    return (statistics.median(values), min(values), max(values)) if values else None


def size(count):
    """Bytes in words."""
    if count is None:
        return '–'
    sign, count = ('-' if count < 0 else ''), abs(count)
    for unit in ('B', 'KiB', 'MiB'):
        if count < 1024:
            break
        count /= 1024
    else:
        unit = 'GiB'
    return f'{sign}{count:.0f} {unit}' if unit == 'B' or count >= 100 else f'{sign}{count:.1f} {unit}'


def seconds(value):
    return f'{value:.3f}' if value < 1 else f'{value:.2f}'


def whole(value):
    return f'{value:.0f}' if value else '–'


def cells(entry, payload):
    """One row of a table, as HEADS says; CPU and memory are those of the client / the server."""
    wall = spread(entry, 'wall')
    if 'cannot' in entry or not wall:
        return None
    middle = {figure: spread(entry, figure)[0]
              for figure in ('client_cpu', 'client_memory', 'server_cpu', 'server_memory')}
    counted = entry.get('counted', entry['runs'][-1])
    apart = f'{seconds(wall[1])}–{seconds(wall[2])}' if len(entry['runs']) > 1 else ''
    return [seconds(wall[0]), apart, f'{payload / MIB / wall[0]:.0f}',
            f'{middle["client_cpu"]:.2f} / {middle["server_cpu"]:.2f}',
            f'{whole(middle["client_memory"])} / {whole(middle["server_memory"])}',
            size(counted.get('up')), size(counted.get('down')), size(counted.get('rest')), str(len(entry['runs']))]


HEADS = ['wall s', 'least–most', 'MiB/s', 'CPU s', 'memory MiB', 'up', 'down', 'at rest', 'runs']


def rows(results, scenario):
    """(subject, its results, its cells or None) of all that were asked; limits without figures are left out."""
    measured = results['results'].get(scenario['key'], {})
    for subject in results['subjects']:
        entry = measured.get(subject['key'])
        row = entry and cells(entry, scenario['payload'])
        if row or entry and subject['group'] != 'limit':
            yield subject, entry, row


def dash(entry):
    """Why there are no figures, in a line."""
    return ' '.join(entry.get('cannot', 'was not run').split())[:160]


def disturbed(results):
    """(runs during which others used too much of the machine, all runs)."""
    runs = [run for entries in results['results'].values() for entry in entries.values() for run in entry['runs']]
    return sum(run['foreign'] > DISTURBED for run in runs), len(runs)


def notes(results):
    """Sentences above all figures."""
    machine = results['machine']
    count, all = disturbed(results)
    lines = [f'{machine["cpu"]}, {machine["cores"]} cores, {machine["memory"] / 2**30:.0f} GiB, Linux '
             f'{machine["kernel"]}, {machine["date"]} UTC; load average before the first run {machine["load"][0]:.2f}.']
    if machine['warning']:
        lines.append(f'WARNING: {machine["warning"]}')
    if count:
        lines.append(f'WARNING: during {count} of {all} runs others used more than {DISTURBED:.0%} of the machine.')
    return lines


def markdown(results):
    lines = ['# Uploads end to end', '', *notes(results), '']
    for scenario in results['scenarios']:
        lines += [f'## {scenario["title"]}', '', f'{scenario["about"]} {size(scenario["payload"])}.', '',
                  f'| | {" | ".join(HEADS)} |', f'|---|{"--:|" * len(HEADS)}']
        reasons = []
        for subject, entry, row in rows(results, scenario):
            lines.append(f'| {subject["title"]} | {" | ".join(row or ["–"] * len(HEADS))} |')
            if row is None:
                reasons.append(f'- {subject["title"]}: {dash(entry)}')
        lines += ['', *reasons, ''] if reasons else ['']
    return '\n'.join(lines + bars_table(results))


def value_of(bar):
    if bar['unit'] == 'B':
        return f'{bar["value"]:,.0f} B'
    return f'{bar["value"]:.2f} {bar["unit"]}'


def bars_table(results):
    lines = ['## Bars', '', '| | median | least–most | rounds |', '|---|--:|--:|--:|']
    for bar in results['bars']:
        apart = f'{bar["low"]:.2f}–{bar["high"]:.2f}' if bar['rounds'] > 1 else ''
        lines.append(f'| {bar["name"]} | {value_of(bar)} | {apart} | {bar["rounds"]} |')
    return [*lines, '']


def write(results, folder):
    """Writes all three, and prints the tables."""
    text = markdown(results)
    (folder / 'results.json').write_text(json.dumps(results, indent=1))
    (folder / 'results.md').write_text(text)
    (folder / 'results.html').write_text(page(results))
    print(text)
    print(f'written: {folder}/results.json, results.md, results.html')
