"""Results as one page of HTML: tables whose bars are SVG. No script, nothing from another host, light and dark."""
import html
import statistics

import report

STYLE = '''
:root { color-scheme: light dark; --page: #fcfcfb; --ink: #1b1b1a; --soft: #63625e; --line: #e3e2de;
  --ours: #1f66c1; --ours-soft: #9cc1ee; --peer: #8f8d86; --peer-soft: #cfcdc6; --warn: #8a4b00; --warn-page: #fff3e0; }
@media (prefers-color-scheme: dark) { :root { --page: #181817; --ink: #ecebe7; --soft: #a3a19a; --line: #353431;
  --ours: #6ba5f2; --ours-soft: #2f5c97; --peer: #8d8b84; --peer-soft: #4d4c48;
  --warn: #ffc37a; --warn-page: #3a2a14; } }
* { box-sizing: border-box; }
body { background: var(--page); color: var(--ink); font: 15px/1.5 Inter, system-ui, sans-serif; margin: 0 auto;
  max-width: 1240px; padding: 32px 24px 64px; }
h1 { font-size: 26px; line-height: 1.25; margin: 0 0 8px; }
h2 { font-size: 18px; margin: 44px 0 2px; }
p { margin: 4px 0; color: var(--soft); max-width: 76ch; }
p.warning { background: var(--warn-page); color: var(--warn); border-radius: 6px; padding: 8px 12px; margin: 8px 0; }
.scroll { overflow-x: auto; }
table { border-collapse: collapse; margin: 12px 0 4px; width: 100%; font-variant-numeric: tabular-nums;
  font-size: 13.5px; }
th { color: var(--soft); font-weight: 500; text-align: right; vertical-align: bottom; padding: 3px 8px;
  white-space: nowrap; }
td { border-top: 1px solid var(--line); padding: 3px 8px; text-align: right; white-space: nowrap; }
th:first-child, td:first-child, td.bar, th.bar, td.reason { text-align: left; }
td:first-child { padding-left: 0; }
td.reason { color: var(--soft); white-space: normal; }
tr.ours td:first-child { font-weight: 600; color: var(--ours); }
tr.limit td:first-child { font-style: italic; }
svg { display: block; }
nav { margin: 10px 0; } a { color: var(--ours); }
.key { display: flex; flex-wrap: wrap; gap: 6px 20px; margin: 14px 0 0; font-size: 13.5px; color: var(--soft); }
.key svg { display: inline-block; vertical-align: -1px; margin-right: 6px; }
.ours .main { fill: var(--ours); } .ours .second { fill: var(--ours-soft); }
.peer .main { fill: var(--peer); } .peer .second { fill: var(--peer-soft); }
.limit .main, .limit .second { fill: none; stroke: var(--soft); } .limit .second { stroke-dasharray: 2 2; }
.range { stroke: var(--ink); stroke-width: 1.5; }
'''
WIDE, NARROW, HIGH = 210, 130, 12


def rect(x, width, kind):
    return f'<rect class="{kind}" x="{x + .5:.1f}" y="1.5" width="{max(width, 1):.1f}" height="{HIGH - 3}" rx="1.5"/>'


def svg(width, inner, label):
    return (f'<svg width="{width}" height="{HIGH}" viewBox="0 0 {width} {HIGH}" role="img" '
            f'aria-label="{html.escape(label)}">{inner}</svg>')


def wall_bar(wall, longest):
    """The median as a bar and what lies between least and most as a line; what is longer than the scale is cut open."""
    scale = (WIDE - 14) / longest
    middle, low, high = wall
    inner = rect(0, min(middle, longest) * scale, 'main')
    if middle > longest:
        inner += f'<path class="range" fill="none" d="M{WIDE - 9} 2l4 4-4 4"/>'
    elif high > low:
        inner += f'<path class="range" d="M{low * scale:.1f} 6H{min(high, longest) * scale:.1f}"/>'
    return svg(WIDE, inner, f'{middle:.3f} s, {low:.3f} to {high:.3f}')


def cpu_bar(client, server, longest):
    scale = (NARROW - 4) / longest
    first = min(server, longest) * scale
    second = max(0, min(client, longest - server)) * scale
    inner = (rect(0, first, 'main') if server else '') + rect(first, second, 'second')
    return svg(NARROW, inner, f'server {server:.2f} s, client {client:.2f} s of CPU')


def scale_of(values):
    """The end of a scale: of all values, but at most four times the middle one: a slow subject hides nobody."""
    return max(min(max(values), 4 * statistics.median(values)), 1e-6)


def scenario_table(results, scenario):
    rows = list(report.rows(results, scenario))
    known = [entry for _, entry, row in rows if row]
    if not known:
        return ''
    longest = scale_of([report.spread(entry, 'wall')[0] for entry in known])
    cpu = scale_of([report.spread(entry, 'client_cpu')[0] + report.spread(entry, 'server_cpu')[0] for entry in known])
    heads = ''.join(f'<th>{head}</th>' for head in report.HEADS)
    out = [f'<h2 id="{scenario["key"]}">{html.escape(scenario["title"])}</h2>',
           f'<p>{html.escape(scenario["about"])} {report.size(scenario["payload"])}.</p>',
           f'<div class="scroll"><table><thead><tr><th></th><th class="bar">wall, median and spread</th>'
           f'<th class="bar">CPU, server and client</th>{heads}</tr></thead><tbody>']
    for subject, entry, row in rows:
        name = f'<td title="{html.escape(subject["about"])}">{html.escape(subject["title"])}</td>'
        if row is None:
            out.append(f'<tr class="{subject["group"]}">{name}<td class="reason" colspan="{len(report.HEADS) + 2}">– '
                       f'{html.escape(report.dash(entry))}</td></tr>')
            continue
        bars = (f'<td class="bar">{wall_bar(report.spread(entry, "wall"), longest)}</td><td class="bar">'
                f'{cpu_bar(report.spread(entry, "client_cpu")[0], report.spread(entry, "server_cpu")[0], cpu)}</td>')
        out.append(f'<tr class="{subject["group"]}">{name}{bars}{"".join(f"<td>{cell}</td>" for cell in row)}</tr>')
    return '\n'.join([*out, '</tbody></table></div>'])


def bars_table(results):
    rows = []
    for bar in results['bars']:
        apart = f'{bar["low"]:.2f}–{bar["high"]:.2f}' if bar['rounds'] > 1 else ''
        rows.append(f'<tr><td>{html.escape(bar["name"])}</td><td>{report.value_of(bar)}</td><td>{apart}</td>'
                    f'<td>{bar["rounds"]}</td></tr>')
    return ('<h2 id="bars">Bars</h2><p>Each is a ratio of two figures of the same round: median, spread and rounds.</p>'
            '<div class="scroll"><table><thead><tr><th></th><th>median</th><th>least–most</th><th>rounds</th></tr>'
            f'</thead><tbody>{"".join(rows)}</tbody></table></div>')


def key():
    swatch = lambda group, kind: f'<svg class="{group}" width="22" height="{HIGH}">{rect(0, 20, kind)}</svg>'
    parts = [(swatch('ours', 'main'), 'Cairn'), (swatch('peer', 'main'), 'others'), (swatch('limit', 'main'), 'limits'),
             (swatch('peer', 'main') + swatch('peer', 'second'), 'CPU: server, client')]
    return f'<div class="key">{"".join(f"<span>{picture}{word}</span>" for picture, word in parts)}</div>'


def contents(results):
    links = [(scenario['key'], scenario['title']) for scenario in results['scenarios']] + [('bars', 'Bars')]
    return f'<nav>{" · ".join(f"<a href=#{key}>{html.escape(title)}</a>" for key, title in links)}</nav>'


def page(results):
    paragraphs = ''.join(
        f'<p{" class=warning" if line.startswith("WARNING") else ""}>{html.escape(line)}</p>'
        for line in report.notes(results))
    tables = '\n'.join(scenario_table(results, scenario) for scenario in results['scenarios'])
    return f'''<!DOCTYPE html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>Uploads end to end</title><style>{STYLE}</style></head><body>
<h1>Uploads end to end</h1>
{paragraphs}
{contents(results)}
<p>Medians of interleaved rounds; contents verified after each run. A bar with an open end is longer than the scale. Up,
down: bytes on the wire, counted in a run of their own. At rest: what the store grew by. CPU, memory: client / server.
</p>
{key()}
{tables}
{bars_table(results)}
</body></html>
'''
