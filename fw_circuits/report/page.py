"""One self-contained HTML page about the parts of a benchmark suite: data in, text out.

No script, no style sheet and no picture is fetched: styles are inline, figures are data URIs.  Everything that comes
from a part is escaped.  Wide tables scroll inside their own boxes, so that the page itself never scrolls sideways;
``tests/report/test_page.py`` asks a browser.  Not checked: whether what a part says is true.
"""

from base64 import b64encode
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from html import escape
from typing import Any

#: Rows of a table that the page shows.
MOST_ROWS = 240
#: Status of a part -> what the headline says and its colour class.
WORDS = {
    "ok": ("met", "good"), "missed": ("missed", "bad"), "skipped": ("skipped", "grey"), "failed": ("failed", "bad"),
    "interrupted": ("interrupted", "bad"), "running": ("not finished", "bad"), "not run": ("not run", "grey"),
}  # fmt: skip
STYLE = """
:root { color-scheme: light dark; --ink: #222; --paper: #fff; --faint: #667; --line: #d5d8de; --box: #f5f6f8;
  --good: #1b6e3c; --bad: #a8321a; --link: #1f5fa8; }
@media (prefers-color-scheme: dark) { :root { --ink: #e6e6e6; --paper: #16181c; --faint: #9aa; --line: #3a3f47;
  --box: #1f2228; --good: #6fca92; --bad: #f08a70; --link: #8ab8ee; } }
* { box-sizing: border-box; }
body { margin: 0 auto; max-width: 68rem; padding: 1rem 1.25rem 4rem; color: var(--ink); background: var(--paper);
  font: 1rem/1.5 system-ui, sans-serif; overflow-wrap: anywhere; }
h1 { font-size: 1.6rem; line-height: 1.2; margin: 1rem 0 .5rem; }
h2 { font-size: 1.2rem; line-height: 1.3; margin: 0 0 .5rem; }
h3 { font-size: 1rem; margin: 1.2rem 0 .3rem; }
a { color: var(--link); }
section { border-top: 1px solid var(--line); margin-top: 2.5rem; padding-top: 1.5rem; }
.faint { color: var(--faint); font-size: .875rem; }
.good { color: var(--good); } .bad { color: var(--bad); } .grey { color: var(--faint); }
.good, .bad { font-weight: 600; }
.box { overflow: auto; max-width: 100%; max-height: 26rem; border: 1px solid var(--line); margin: .3rem 0 1rem; }
table { border-collapse: collapse; font-size: .875rem; font-variant-numeric: tabular-nums; }
th, td { text-align: left; vertical-align: top; padding: .3rem .6rem; border-bottom: 1px solid var(--line); }
.headline { table-layout: fixed; width: 100%; }
.headline th { width: 26%; } .headline th:nth-child(2) { width: auto; } .headline th:nth-child(3) { width: 12%; }
.headline th:last-child { width: 19%; }
.box th, .box td { white-space: nowrap; }
.box th { position: sticky; top: 0; background: var(--box); }
td.n { text-align: right; }
code, pre { font: .85em/1.45 ui-monospace, monospace; background: var(--box); }
code { padding: .1em .3em; } pre { padding: .6rem; overflow: auto; }
figure { margin: 1rem 0; } figcaption { color: var(--faint); font-size: .875rem; }
img { display: block; max-width: min(100%, 38rem); height: auto; background: #fff; }
dl { display: grid; grid-template-columns: max-content minmax(0, 1fr); gap: .1rem .8rem; margin: 0;
  font-size: .875rem; }
dt { color: var(--faint); } dd { margin: 0; }
ul { padding-left: 1.2rem; margin: .3rem 0; }
@media (max-width: 46rem) {
  .headline thead { display: none; }
  .headline, .headline tbody, .headline tr, .headline td { display: block; }
  .headline tr { border-bottom: 1px solid var(--line); padding: .6rem 0; }
  .headline td { border: 0; padding: .1rem 0; }
}
"""


@dataclass(frozen=True)
class Figure:
    """A PNG and what it shows."""

    png: bytes
    caption: str


@dataclass(frozen=True)
class Grid:
    """A table as text: name, columns and rows of the same length."""

    name: str
    columns: Sequence[str]
    rows: Sequence[Sequence[str]]


@dataclass(frozen=True)
class Part:
    """One benchmark with what it left; only name, question, status and command are always there.

    Attributes
    ----------
    name, question, command, finding, caveat : str
        What it is, how to run it again, and what it found.
    status : str
        A key of ``WORDS``.
    sentences : sequence of str
        Why the status is what it is: targets missed, how to run what was skipped, the error.
    targets : sequence of (str, bool)
        Each target with its value, and whether it was met.
    figures, tables : sequence of Figure, sequence of Grid
        What it drew and tabulated.
    details : mapping of str to str
        Seed, date, commit, machine, versions, seconds: shown as they are.
    config : str
        The settings, as text.
    """

    name: str
    question: str
    status: str
    command: str
    finding: str = ""
    caveat: str = ""
    sentences: Sequence[str] = ()
    targets: Sequence[tuple[str, bool]] = ()
    figures: Sequence[Figure] = ()
    tables: Sequence[Grid] = ()
    details: Mapping[str, str] = field(default_factory=dict)
    config: str = ""


def page(parts: Sequence[Part], title: str, notes: Sequence[str] = ()) -> str:
    """The page as one string of HTML.

    Parameters
    ----------
    parts : sequence of Part
    title : str
    notes : sequence of str
        Points under the title.

    Examples
    --------
    >>> part = Part("adders", "Are adders < found?", "ok", "fw-circuits bench adders", "All 4 are.")
    >>> "Are adders &lt; found?" in page([part], "Suite")
    True
    """
    listed = "".join(f"<li>{escape(note)}</li>" for note in notes)
    rows = "".join(map(_headline, parts))
    ran = [part for part in parts if part.status != "not run"]
    return (
        '<!DOCTYPE html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f'<link rel="icon" href="data:,">\n<title>{escape(title)}</title>\n<style>{STYLE}</style>\n</head>\n<body>\n'
        f"<h1>{escape(title)}</h1>\n<ul>{listed}</ul>\n"
        '<table class="headline"><thead><tr><th>Question</th><th>Finding</th><th>Targets</th><th>Command</th></tr>'
        f"</thead><tbody>\n{rows}</tbody></table>\n{''.join(map(_section, ran))}</body>\n</html>\n"
    )


def _verdict(part: Part) -> str:
    word, colour = WORDS[part.status]
    if part.status == "ok" and not part.targets:
        word, colour = "no target", "grey"
    elif part.status in ("ok", "missed") and part.targets:
        met = sum(met for _, met in part.targets)
        word = f"{word}: {met} of {len(part.targets)} targets met" if part.status == "missed" else "met"
    return f'<span class="{colour}">{escape(word)}</span>'


def _headline(part: Part) -> str:
    anchor = escape(part.name, quote=True)
    question = escape(part.question or part.name)
    linked = question if part.status == "not run" else f'<a href="#{anchor}">{question}</a>'
    finding = part.finding or " ".join(part.sentences)
    return (
        f"<tr><td>{linked}</td><td>{escape(finding)}</td><td>{_verdict(part)}</td>"
        f"<td><code>{escape(part.command)}</code></td></tr>\n"
    )


def _section(part: Part) -> str:
    anchor = escape(part.name, quote=True)
    pieces = [f'<section id="{anchor}">\n<h2>{escape(part.question or part.name)}</h2>\n']
    pieces.append(f'<p class="faint">{escape(part.name)}: {_verdict(part)}</p>\n')
    if part.finding:
        pieces.append(f"<p>{escape(part.finding)}</p>\n")
    if part.caveat:
        pieces.append(f"<p><strong>But:</strong> {escape(part.caveat)}</p>\n")
    if part.status not in ("ok", "missed"):  # the missed targets are listed below
        pieces += [f"<p>{escape(sentence)}</p>\n" for sentence in part.sentences]
    pieces += [_figure(figure, part) for figure in part.figures]
    if part.targets:
        marks = (("good", "met") if met else ("bad", "NOT met") for _, met in part.targets)
        items = (
            f'<li>{escape(what)}: <span class="{colour}">{word}</span></li>'
            for (what, _), (colour, word) in zip(part.targets, marks, strict=True)
        )
        pieces.append(f"<h3>Targets</h3>\n<ul>{''.join(items)}</ul>\n")
    pieces += map(_grid, part.tables)
    pieces.append(f"<h3>How it was run</h3>\n<pre>{escape(part.command)}</pre>\n<dl>")
    pieces += [f"<dt>{escape(key)}</dt><dd>{escape(value)}</dd>" for key, value in part.details.items()]
    pieces.append("</dl>\n")
    if part.config:
        pieces.append(f"<details><summary>Settings</summary><pre>{escape(part.config)}</pre></details>\n")
    return "".join([*pieces, "</section>\n"])


def _figure(figure: Figure, part: Part) -> str:
    data = b64encode(figure.png).decode("ascii")
    alt = f"Figure of {part.name}: {figure.caption}. {part.finding}".strip()
    return (
        f'<figure><img src="data:image/png;base64,{data}" alt="{escape(alt, quote=True)}">'
        f"<figcaption>{escape(figure.caption)}</figcaption></figure>\n"
    )


def _grid(grid: Grid) -> str:
    head = "".join(f'<th scope="col">{escape(column)}</th>' for column in grid.columns)
    body = "".join(f"<tr>{''.join(map(_cell, row))}</tr>\n" for row in grid.rows[:MOST_ROWS])
    label = escape(f"Table {grid.name}", quote=True)
    rest = f"The first {MOST_ROWS} of {len(grid.rows):,} rows; all of them are in {grid.name}.csv."
    return (
        f"<h3>{escape(grid.name)}</h3>\n"
        + (f'<p class="faint">{escape(rest)}</p>\n' if len(grid.rows) > MOST_ROWS else "")
        + f'<div class="box" role="region" tabindex="0" aria-label="{label}"><table><thead><tr>{head}</tr></thead>'
        f"<tbody>\n{body}</tbody></table></div>\n"
    )


def _cell(text: str) -> str:
    """Numbers to the right, to five significant digits (the CSV has all of them)."""
    try:
        value: Any = float(text)
    except ValueError:
        return f"<td>{escape(text)}</td>"
    shown = text if text.lstrip("-").isdigit() else f"{value:.5g}"
    return f'<td class="n">{escape(shown)}</td>'
