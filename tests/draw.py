#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only
"""Draws a file of execsnoop --timeline as an SVG: a bar for each slice, in its lane, from its exec to its end. A dark edge: the
program failed, or a signal ended it. A pale bar with a dashed edge: its end is not in the file.
Usage: draw.py TIMELINE >PICTURE"""
import json
import math
import shlex
import sys
from xml.sax.saxutils import escape

WIDTH, MARGIN, ROW, LANE, BAR = 960, 20, 18, 24, 20
LETTER = 6.7  # the width of a letter of 11 pixels in the usual monospaced fonts, at most
TITLE_MOST = 400  # characters of a command line
TICKS_MOST = 15
INK, PAPER, LINE, OTHERS = "#1f2328", "#fafaf7", "#d8dadd", "#c4c8cc"
COLOURS = ["#a3b8f0", "#e6d54f", "#f6b860", "#95c77e", "#d3a6e0", "#f28482", "#7fd1c4"]


def read(path):
    """The slices by their begin: (lane, begin, end or None, name, args, args of the end), in seconds since the first."""
    with open(path, encoding="utf-8") as file:
        text = file.read().rstrip()
    slices, begun = [], {}
    for event in json.loads(text if text.endswith("]") else text + "]"):
        if event["ph"] == "B":
            begun[event["tid"]] = event
        elif event["ph"] == "E" and event["tid"] in begun:
            slices.append((begun.pop(event["tid"]), event))
    slices += [(first, None) for first in begun.values()]
    start = min((first["ts"] for first, _ in slices), default=0)
    return sorted(((first["tid"], (first["ts"] - start) / 1e6, last and (last["ts"] - start) / 1e6, first["name"], first["args"],
                    (last or {}).get("args", {})) for first, last in slices), key=lambda s: s[1])


def readable(text):
    """XML has no control characters, not even by number: they are escaped as in Python."""
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in text)


def title(begin, end, args, ended):
    line = readable(shlex.join(args["argv"]))
    if args.get("truncated") or len(line) > TITLE_MOST:
        line = line[:TITLE_MOST] + " ..."
    how = "still runs" if end is None else f"{end - begin:.3f} s"
    if ended.get("signal"):
        how += f", {ended['signal']}"
    elif "exit_status" in ended:
        how += f", exit status {ended['exit_status']}"
    return f"{line}\nPID {args['pid']}, {how}"


def colours(slices, length):
    """The names that take the most time have a colour each."""
    times = {}
    for _, begin, end, name, *_ in slices:
        times[name] = times.get(name, 0) + (length if end is None else end) - begin
    chosen = sorted(times, key=times.get, reverse=True)[:len(COLOURS)]
    return dict(zip([name for name in times if name in chosen], COLOURS))


def legend(slices, colour):
    """The names with their colours, and where they end."""
    names = [s[3] for s in slices]
    entries = [(fill, f"{readable(name)} × {names.count(name)}") for name, fill in colour.items()]
    others = sum(name not in colour for name in names)
    if others:
        entries.append((OTHERS, f"others × {others}"))
    x, y = MARGIN, 12
    parts = []
    for fill, text in entries:
        width = 17 + round(LETTER * len(text))
        if x > MARGIN and x + width > WIDTH - MARGIN:
            x, y = MARGIN, y + ROW
        parts.append(f'<rect x="{x}" y="{y}" width="12" height="12" rx="2" fill="{fill}"/>'
                     f'<text x="{x + 17}" y="{y + 10}">{escape(text)}</text>')
        x += width + 18
    return parts, y + ROW


def axis(length, scale, top, bottom):
    """A tick at each multiple of 1, 2 or 5 times a power of ten."""
    power = 10 ** math.floor(math.log10(length / TICKS_MOST))
    tick = next(n * power for n in (1, 2, 5, 10) if length / (n * power) <= TICKS_MOST)
    digits = max(0, -math.floor(math.log10(tick)))
    for n in range(int(length / tick) + 1):
        x = MARGIN + n * tick * scale
        label = f"{n * tick:.{digits}f}" if n else "0 s"
        yield (f'<path d="M{x:.1f} {top}V{bottom}" stroke="{LINE}"/>'
               f'<text x="{x:.1f}" y="{bottom + 15}" text-anchor="middle">{label}</text>')


def bar(scale, length, top, fill, lane, begin, end, name, args, ended):
    x, y = MARGIN + begin * scale, top + (lane - 1) * LANE
    width = max(1, ((length if end is None else end) - begin) * scale - 0.5)
    edge, text, name = "", "", readable(name)
    if end is None:
        edge = f' fill-opacity=".4" stroke="{INK}" stroke-dasharray="3 2"'
    elif ended.get("exit_status", 0) != 0:
        edge = f' stroke="{INK}"'
    if len(name) * LETTER + 6 <= width:
        text = f'<text x="{x + 4:.1f}" y="{y + 14}">{escape(name)}</text>'
    return (f'<g><title>{escape(title(begin, end, args, ended))}</title><rect class="slice" x="{x:.1f}" y="{y}" '
            f'width="{width:.1f}" height="{BAR}" rx="2" fill="{fill}"{edge}/>{text}</g>')


def draw(slices):
    length = max((time for s in slices for time in s[1:3] if time), default=0) or 1e-3
    scale = (WIDTH - 2 * MARGIN) / length
    colour = colours(slices, length)
    parts, top = legend(slices, colour)
    bottom = top + 8 + max((s[0] for s in slices), default=1) * LANE
    parts += axis(length, scale, top, bottom)
    parts += [bar(scale, length, top + 8, colour.get(s[3], OTHERS), *s) for s in slices]
    height = bottom + 24
    print(f'<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH}" height="{height}" viewBox="0 0 {WIDTH} {height}" '
          f'font-family="ui-monospace, Menlo, Consolas, \'DejaVu Sans Mono\', monospace" font-size="11" fill="{INK}">')
    print(f'<rect width="{WIDTH}" height="{height}" rx="6" fill="{PAPER}"/>')
    print("\n".join(parts))
    print("</svg>")


if len(sys.argv) != 2:
    sys.exit(__doc__)
sys.stdout.reconfigure(encoding="utf-8")
draw(read(sys.argv[1]))
