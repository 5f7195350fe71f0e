#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only
"""Draws what a terminal shows as an SVG, with execsnoop's colours. Usage: picture.py COMMAND <OUTPUT >FILE.svg; the command is
shown behind the prompt. docs/session.svg is made by `make picture`."""
import html
import re
import sys

WIDTH, HEIGHT, LEFT, TOP = 8.4, 18, 16, 44  # of a character, of a line, of the margins, in pixels
COLORS = {"1": 'font-weight="bold" fill="#ffffff"', "31": 'fill="#ff7b72"'}

lines = ["# " + sys.argv[1]] + sys.stdin.read().splitlines()
texts = []
for number, line in enumerate(lines):
    column, style, parts = 0, "", []
    for text, code in re.findall(r"([^\x1b]*)(?:\x1b\[(\d+)m)?", line):
        if text:
            parts.append(f'<tspan x="{LEFT + column * WIDTH:.1f}" {style}>{html.escape(text)}</tspan>')
            column += len(text)
        style = COLORS.get(code, "") if code else style
    y = TOP + number * HEIGHT
    prompt = "" if number else ' fill="#7ee787"'
    texts.append(f'<text y="{y}"{prompt}>{"".join(parts)}</text>')
longest = max(len(re.sub(r"\x1b\[\d+m", "", line)) for line in lines)
width, height = round(2 * LEFT + longest * WIDTH), TOP + len(lines) * HEIGHT + 4
print(f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}" height="{height}" role="img">')
print(f"<title>{html.escape(sys.argv[1])}</title>")
print(f'<rect width="{width}" height="{height}" rx="8" fill="#0d1117"/>')
for i, color in enumerate(("#ff5f56", "#ffbd2e", "#27c93f")):
    print(f'<circle cx="{LEFT + 6 + 20 * i}" cy="16" r="6" fill="{color}"/>')
print('<g font-family="ui-monospace, SFMono-Regular, Menlo, Consolas, monospace" font-size="14" fill="#c9d1d9" xml:space="preserve">')
print("\n".join(texts))
print("</g>\n</svg>")
