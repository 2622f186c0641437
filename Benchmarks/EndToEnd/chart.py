"""Curves as one picture: a panel for each, both axes logarithmic, light and dark."""
import html
import math

STYLE = '''
text { font: 12px Inter, system-ui, sans-serif; fill: #63625e; }
.title { font-weight: 600; font-size: 13px; fill: #1b1b1a; }
.grid { stroke: #e3e2de; } .line { stroke: #1f66c1; stroke-width: 2; fill: none; } .dot { fill: #1f66c1; }
.even { stroke: #8f8d86; stroke-dasharray: 3 4; fill: none; }
@media (prefers-color-scheme: dark) { text { fill: #a3a19a; } .title { fill: #ecebe7; } .grid { stroke: #353431; }
  .line { stroke: #6ba5f2; } .dot { fill: #6ba5f2; } }
'''
WIDTH, HEIGHT, LEFT, TOP, RIGHT, BOTTOM = 330, 230, 56, 34, 16, 34


def picture(curves):
    """curves: ((title, name of x, name of y), rows) of each. A cost in proportion would run along the dashed line."""
    columns = min(3, len(curves))
    lines = -(-len(curves) // columns)
    panels = ''.join(
        f'<g transform="translate({number % columns * WIDTH} {number // columns * HEIGHT})">{panel(*curve)}</g>'
        for number, curve in enumerate(curves))
    return (f'<svg xmlns="http://www.w3.org/2000/svg" width="{columns * WIDTH}" height="{lines * HEIGHT}" '
            f'viewBox="0 0 {columns * WIDTH} {lines * HEIGHT}"><style>{STYLE}</style>{panels}</svg>\n')


def panel(words, rows):
    title, x, y = words
    points = [(row[x], row[y]) for row in rows if row[x] > 0 and row[y] > 0]
    across, up = span([point[0] for point in points]), span([point[1] for point in points])
    place = lambda a, b: (LEFT + part(a, across) * (WIDTH - LEFT - RIGHT),
                          HEIGHT - BOTTOM - part(b, up) * (HEIGHT - TOP - BOTTOM))
    spots = [place(*point) for point in points]
    path = 'M' + 'L'.join(f'{a:.1f} {b:.1f}' for a, b in spots)
    return ''.join([
        f'<text class="title" x="{LEFT}" y="18">{html.escape(title)}: seconds</text>', grid(x, across, up, place),
        even(points, across, up, place), f'<path class="line" d="{path}"/>',
        *[f'<circle class="dot" cx="{a:.1f}" cy="{b:.1f}" r="3"/>' for a, b in spots]])


def span(values):
    """Whole powers of ten around all of them, as logarithms."""
    low, high = math.floor(math.log10(min(values))), math.ceil(math.log10(max(values)))
    return low, max(high, low + 1)


def part(value, span):
    return (math.log10(value) - span[0]) / (span[1] - span[0])


def grid(x, across, up, place):
    out = []
    for power in range(up[0], up[1] + 1):
        left, level = place(10 ** across[0], 10 ** power)
        out.append(f'<path class="grid" d="M{left:.1f} {level:.1f}H{WIDTH - RIGHT}"/>'
                   f'<text x="{left - 6:.1f}" y="{level + 4:.1f}" text-anchor="end">{10 ** power:g}</text>')
    for power in range(across[0], across[1] + 1, max(1, (across[1] - across[0]) // 4)):
        spot, foot = place(10 ** power, 10 ** up[0])
        out.append(f'<text x="{spot:.1f}" y="{foot + 16:.1f}" text-anchor="middle">{amount(10 ** power, x)}</text>')
    return ''.join(out)


def even(points, across, up, place):
    """From the last point back: what it would be in proportion."""
    (a, b), low = points[-1], 10 ** across[0]
    low = max(low, a * 10 ** up[0] / b)
    if low >= a:
        return ''
    (left, under), (right, over) = place(low, b * low / a), place(a, b)
    return f'<path class="even" d="M{left:.1f} {under:.1f}L{right:.1f} {over:.1f}"/>'


def amount(value, name):
    for step, unit in ((1e9, 'G'), (1e6, 'M'), (1e3, 'k')):
        if value >= step:
            return f'{value / step:g} {unit}{"B" if name == "bytes" else ""}'
    return f'{value:g}'
