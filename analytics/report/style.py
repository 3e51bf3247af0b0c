"""How the HTML report looks: one sheet for light and dark screens and for paper, and the frame into which the words go."""

STYLE = """
:root { color-scheme: light dark; --ink: #1a1a1a; --page: #ffffff; --faint: #5c5c5c; --line: #d0d0d0; --note: #f3f3ee; --accent: #0072b2; }
@media screen and (prefers-color-scheme: dark) {
  :root { --ink: #ececec; --page: #0e1117; --faint: #a8adb7; --line: #3a3f4b; --note: #1b2029; --accent: #56b4e9; }
}
* { box-sizing: border-box; }
body { margin: 0 auto; padding: 1.5rem 1rem 4rem; max-width: 45.4rem; color: var(--ink); background: var(--page);
  font: 16px/1.55 system-ui, "Segoe UI", "Source Sans 3", "DejaVu Sans", sans-serif; }
a { color: var(--accent); }
h1 { font-size: 1.9rem; line-height: 1.2; margin: 0.6rem 0 0.2rem; }
h2 { font-size: 1.35rem; line-height: 1.3; margin: 2.8rem 0 0.3rem; }
h3 { font-size: 1.05rem; margin: 1.8rem 0 0.3rem; }
.scope, figcaption, caption, footer { color: var(--faint); font-size: 0.9rem; }
.finding { font-size: 1.08rem; font-weight: 600; margin: 0.2rem 0 1rem; }
.demo { border: 1px solid var(--line); border-left: 4px solid #d55e00; padding: 0.5rem 0.8rem; margin: 0 0 1rem; background: var(--note); }
.note { border-left: 3px solid var(--line); padding: 0.3rem 0.8rem; background: var(--note); font-size: 0.92rem; margin: 0.8rem 0; }
nav ol { padding-left: 1.3rem; columns: 2; column-gap: 2rem; font-size: 0.95rem; }
figure { margin: 1.2rem 0; }
.chart { width: 100%; min-height: 8rem; }
.chart text { fill: currentColor !important; }
.chart .heatmaplayer text { fill: #1a1a1a !important; }
.chart .hoverlayer text { fill: revert !important; }
.scroll { overflow-x: auto; }
table { border-collapse: collapse; width: 100%; font-size: 0.88rem; font-variant-numeric: tabular-nums; margin: 0.6rem 0; }
caption { text-align: left; padding: 0.3rem 0; }
th, td { padding: 0.28rem 1.1rem 0.28rem 0; border-bottom: 1px solid var(--line); text-align: left; vertical-align: top; hyphens: auto; }
td.source { overflow-wrap: anywhere; min-width: 11em; }
@media screen {
  td.long { min-width: 20em; }
  .scroll:has(th:nth-child(8)) { position: relative; left: 50%; width: min(calc(100vw - 2rem), 72rem); transform: translateX(-50%); }
}
th:last-child, td:last-child { padding-right: 0; }
th.number, td.number { text-align: right; }
summary { cursor: pointer; color: var(--accent); font-size: 0.92rem; }
footer { overflow-wrap: anywhere; }
code { font-size: 0.92em; }
dt { font-weight: 600; margin-top: 0.9rem; }
dd { margin: 0.1rem 0 0; }
@page { size: A4; margin: 14mm 12mm; }
@media print {
  body { max-width: none; padding: 0; font-size: 10.5pt; }
  nav, summary { display: none; }
  figure, tr, .note, .demo { break-inside: avoid; }
  h2, h3, .finding, caption { break-after: avoid; }
  .scroll { overflow: visible; }
  table { font-size: 7.5pt; }
  th, td { padding-right: 0.6rem; }
  details::details-content { content-visibility: visible; display: block; }
}
"""

TEMPLATE = """<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="{{ policy }}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{{ report.title }}, {{ report.period }}</title>
<style>{{ style }}</style>
</head>
<body>
<header>
{% if report.demo %}<p class="demo" role="note">Demonstration data: made up, about no real project or person.</p>{% endif %}
<h1>{{ report.title }}, {{ report.period }}</h1>
<p class="scope">{{ report.scope }}</p>
<nav aria-label="Contents"><ol>
{% for section in report.sections %}<li><a href="#{{ section.id }}">{{ section.title }}</a></li>
{% endfor %}{% if report.methods %}<li><a href="#methods">How are the figures computed?</a></li>
{% endif %}{% if report.sources %}<li><a href="#sources">What do they rest on?</a></li>
{% endif %}
<li><a href="#remake">How can this report be made again?</a></li>
</ol></nav>
</header>
<main>
<section aria-labelledby="findings"><h2 id="findings">The findings</h2>
<ul>{% for section in report.sections %}<li>{{ section.finding }}</li>
{% endfor %}</ul></section>
{% for section in report.sections %}
<section aria-labelledby="{{ section.id }}">
<h2 id="{{ section.id }}">{{ section.title }}</h2>
<p class="finding">{{ section.finding }}</p>
{% for block in section.blocks %}{{ shown(block) }}
{% endfor %}</section>
{% endfor %}
{% if report.methods %}<section aria-labelledby="methods"><h2 id="methods">How are the figures computed?</h2>
<dl>{% for method in report.methods %}<dt>{{ method.title }}</dt><dd>{{ method.summary | coded }}</dd>
{% for detail in method.details %}<dd>{{ detail | coded }}</dd>{% endfor %}
{% endfor %}</dl></section>{% endif %}
{% if report.sources %}<section aria-labelledby="sources"><h2 id="sources">What do they rest on?</h2>
{% for table in report.sources %}{{ shown(table) }}
{% endfor %}</section>{% endif %}
</main>
<footer aria-labelledby="remake"><h2 id="remake">How can this report be made again?</h2>
{% if report.provenance %}<p>{{ report.provenance | coded }}</p>{% else %}
<p>From snapshot {{ report.snapshot.id }} of the store, written by {{ report.snapshot.author }} at {{ committed }}:
“{{ report.snapshot.message }}”. The same snapshot, parameters, facts and versions make the same report, byte for byte.
<code>python -m analytics report verify FILE</code> computes its figures again and says whether they hold.</p>{% endif %}
{% if report.disclosure %}<p>{{ report.disclosure }}</p>{% endif %}
{% if report.parameters %}<p>Asked for:
{% for name, value in report.parameters %}{{ name }} {{ value }}{{ "." if loop.last else "; " }}{% endfor %}</p>{% endif %}
<p>Made with {% for name, version in report.versions %}{{ name }} {{ version }}{{ "" if loop.last else ", " }}{% endfor %}.</p>
</footer>
<script type="application/json" id="record">{{ record }}</script>
{% for script in scripts %}<script>{{ script }}</script>
{% endfor %}</body>
</html>
"""

TABLE = """<div class="scroll" tabindex="0" role="region" aria-label="{{ table.caption }}"><table><caption>{{ table.caption }}</caption>
<thead><tr>{% for column in table.columns %}<th scope="col" class="{{ classes[loop.index0] }}">{{ column.header }}</th>
{%- endfor %}</tr></thead>
<tbody>{% for row in table.rows %}<tr>
{%- for cell in row %}{% if loop.first %}<th scope="row">{{ cell }}</th>{% else -%}
<td class="{{ classes[loop.index0] }}">{{ cell }}</td>{% endif %}{% endfor %}</tr>
{% endfor %}</tbody></table></div>"""

FIGURE = """<figure><div class="chart" id="{{ chart.id }}" role="img" aria-label="{{ chart.alt }}"></div>
<figcaption>{{ chart.alt }}</figcaption>
<details><summary>The same as a table</summary>{{ table }}</details></figure>"""

LONG_TABLE = """<details><summary>{{ caption }} ({{ rows }} rows)</summary>{{ table }}</details>"""
