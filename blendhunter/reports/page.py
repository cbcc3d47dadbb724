# Licensed under a 3-clause BSD style license - see LICENSE.rst
"""The parts of an HTML page that needs no other file."""

import base64
from html import escape

from blendhunter.plotting.notebook import figure_png

__all__ = ['figure', 'number', 'page', 'paragraph', 'section', 'table']

# narrow screens: pictures shrink, tables scroll
STYLE = """
:root { color-scheme: light; }
* { box-sizing: border-box; }
body { margin: 0 auto; padding: 1rem; max-width: 68rem; color: #1b1f24;
  background: #fff; font: 16px/1.5 system-ui, sans-serif; }
h1 { font-size: 1.6rem; line-height: 1.2; overflow-wrap: anywhere; }
h2 { font-size: 1.2rem; margin-top: 2.2rem; padding-bottom: .2rem;
  border-bottom: 1px solid #d0d7de; }
h3 { font-size: 1rem; margin-bottom: .4rem; }
p { max-width: 44rem; }
img { display: block; max-width: 100%; height: auto; margin: .6rem 0; }
.numbers { display: grid; gap: .6rem;
  grid-template-columns: repeat(auto-fit, minmax(9rem, 1fr)); }
.numbers div { border: 1px solid #d0d7de; border-radius: 6px;
  padding: .5rem .8rem; }
.numbers b { display: block; font-size: 1.5rem; line-height: 1.3; }
.pair { display: grid; gap: 0 2rem;
  grid-template-columns: repeat(auto-fit, minmax(min(100%, 26rem), 1fr)); }
.pair > div { min-width: 0; }
.scroll { overflow-x: auto; margin: .6rem 0 1rem; }
.scroll:not(.wide) td { white-space: nowrap; }
table { border-collapse: collapse; font-size: .85rem; }
th, td { padding: .2rem .8rem .2rem 0; text-align: left;
  vertical-align: top; }
th { border-bottom: 1px solid #8c959f; font-weight: 600; }
tr + tr td { border-top: 1px solid #eaeef2; }
.n { text-align: right; white-space: nowrap;
  font-variant-numeric: tabular-nums; }
.wide td:last-child { overflow-wrap: anywhere; }
footer { margin-top: 2rem; color: #57606a; font-size: .85rem; }
"""


def page(title, parts, footer):
    """Return a whole page; ``parts`` are ready HTML."""
    body = '\n'.join(parts)
    return f"""<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{escape(title)}</title>
<style>{STYLE}</style>
</head>
<body>
<h1>{escape(title)}</h1>
{body}
<footer>{escape(footer)}</footer>
</body>
</html>
"""


def section(title, *parts):
    """Return a heading and its parts, which are ready HTML."""
    return '\n'.join([f'<h2>{escape(title)}</h2>', *parts])


def paragraph(text):
    """Return a paragraph of plain text."""
    return f'<p>{escape(text)}</p>'


def number(value, label):
    """Return a large number with what it counts."""
    return f'<div><b>{escape(value)}</b>{escape(label)}</div>'


def figure(drawn, text):
    """Return a matplotlib figure as a picture; ``text`` says what it is."""
    code = base64.b64encode(figure_png(drawn)).decode('ascii')
    return f'<img src="data:image/png;base64,{code}" alt="{escape(text)}">'


def table(names, rows, *, text=()):
    """
    Return a table of plain texts that scrolls on narrow screens.

    Columns are numbers, but for those named in ``text``.
    """
    kinds = ['' if name in text else ' class="n"' for name in names]
    head = ''.join(f'<th{kind}>{escape(name)}</th>'
                   for name, kind in zip(names, kinds, strict=True))
    body = '\n'.join(
        '<tr>' + ''.join(f'<td{kind}>{escape(value)}</td>' for value, kind
                         in zip(row, kinds, strict=True)) + '</tr>'
        for row in rows)
    wide = ' wide' if names[-1] in text else ''
    return (f'<div class="scroll{wide}"><table>\n<tr>{head}</tr>\n{body}\n'
            '</table></div>')
