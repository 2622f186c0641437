#!/usr/bin/env python3
"""Which of the lines, regions and throws of stores and ledger the tests reach (`make coverage`).

    coverage.py EXPORT [FOLDER]

EXPORT is what `swift test --show-coverage-path` names; FOLDER is Sources/Stores unless told otherwise. Swift's coverage
knows regions, the straight pieces between two branches, in the place of branches. Ends with 1 when less than 95 % of
the lines or 90 % of the regions are reached. Each throw that no test reaches is named.
"""
import json
import pathlib
import re
import sys

LINES, REGIONS = 95, 90


def count(segments, line, column):
    """How often the place ran: the segment that begins last before it says so."""
    ran = None
    for start, place, times, is_counted, *_ in segments:
        if (start, place) > (line, column):
            break
        ran = times if is_counted else None
    return ran


def throws(path, segments):
    """The throws of a file as (line, column, text)."""
    for number, text in enumerate(path.read_text().splitlines(), 1):
        code = text.split('//')[0]
        if '"' in code.split('throw ')[0]:
            continue
        for found in re.finditer(r'\bthrow\b', code):
            if count(segments, number, found.start() + 1) == 0:
                yield f'{path}:{number}: {text.strip()}'


def main():
    export = json.loads(pathlib.Path(sys.argv[1]).read_text())['data'][0]
    folder = pathlib.Path(sys.argv[2] if len(sys.argv) > 2 else 'Sources/Stores')
    root = pathlib.Path.cwd()
    sums = {'lines': [0, 0], 'regions': [0, 0]}
    unreached = []
    for file in sorted(export['files'], key=lambda file: file['filename']):
        path = pathlib.Path(file['filename'])
        if not path.is_relative_to(root / folder):
            continue
        path = path.relative_to(root)
        figures = []
        for kind, total in sums.items():
            covered, of = file['summary'][kind]['covered'], file['summary'][kind]['count']
            total[0] += covered
            total[1] += of
            figures.append(f'{100 * covered / of if of else 100:5.1f} %')
        print(f'{figures[0]} of lines {figures[1]} of regions  {path}')
        unreached += throws(path, file['segments'])
    if not sums['lines'][1]:
        sys.exit(f'{sys.argv[1]} knows no file of {folder}')
    lines, regions = (100 * covered / of for covered, of in sums.values())
    for place in unreached:
        print(f'not reached: {place}')
    print(f'{folder}: {lines:.1f} % of {sums["lines"][1]} lines (at least {LINES}), {regions:.1f} % of '
          f'{sums["regions"][1]} regions (at least {REGIONS}), {len(unreached)} throws not reached')
    return 0 if lines >= LINES and regions >= REGIONS else 1


sys.exit(main())
