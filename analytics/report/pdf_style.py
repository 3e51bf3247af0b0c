"""How the PDF looks: one document for every report, into which the words go as data and never as markup."""

DOCUMENT = r"""
#let data = json("data.json")
#let ink = rgb("#1a1a1a")
#let faint = rgb("#5c5c5c")
#let accent = rgb("#00507d")
#let hair = 0.5pt + rgb("#c8c8c8")

#set document(title: data.title + ", " + data.period, author: "Equinode", date: auto)
#set text(font: ("Source Sans 3", "DejaVu Sans Mono"), size: 10pt, lang: "en", fill: ink, number-type: "lining")
#set par(leading: 0.62em, spacing: 0.95em, justify: false)
#set page(
  paper: "a4",
  margin: if data.brief { (x: 18mm, top: 16mm, bottom: 16mm) } else { (x: 20mm, top: 22mm, bottom: 22mm) },
  header: context if not data.brief and counter(page).get().first() > 1 {
    set text(size: 8.5pt, fill: faint)
    grid(columns: (1fr, auto), data.title + ", " + data.period, if data.demo [Demonstration data])
    v(-6pt)
    line(length: 100%, stroke: hair)
  },
  footer: context {
    set text(size: 8.5pt, fill: faint)
    grid(
      columns: (1fr, auto),
      if data.provenance.len() > 0 { "Equinode" } else { "Equinode, state " + str(data.snapshot.id) + " of the store" },
      [Page #counter(page).display() of #counter(page).final().first()],
    )
  },
)

#show heading: set text(weight: 600, fill: accent)
#show heading.where(level: 1): set text(size: if data.brief { 12.5pt } else { 15pt })
#show heading.where(level: 1): set block(above: if data.brief { 1.0em } else { 1.9em }, below: 0.7em, sticky: true)
#show heading.where(level: 2): set text(size: 11pt, fill: ink)
#show heading.where(level: 2): set block(above: 1.2em, below: 0.5em, sticky: true)
#show raw: set text(font: "DejaVu Sans Mono", size: 0.82em)
#set table.cell(breakable: false)
#set figure(gap: 0.6em)
#show figure.where(kind: table): set figure.caption(position: top)
#show figure.caption: it => align(left, text(size: 8.5pt, fill: faint, it.body))
#show figure.caption.where(kind: table): it => block(width: 100%, sticky: true, align(left, text(size: 8.5pt, fill: faint, it.body)))
#show figure: set block(above: 1.1em, below: 1.1em)
#show figure.where(kind: table): set block(breakable: true)
#show outline.entry.where(level: 1): set block(above: 0.55em)

#let note(words) = block(
  width: 100%, inset: (left: 8pt, right: 8pt, y: 6pt), stroke: (left: 2pt + rgb("#b9b9b9")), fill: rgb("#f4f4f0"),
  above: 0.9em, below: 0.9em, breakable: false, text(size: 9pt, words),
)

#let coded(parts) = for (words, is-code) in parts { if is-code { raw(words) } else { words } }

#let broken(words) = text(hyphenate: words.split(" ").any(word => word.len() > data.longest_word), words)

#let tabled(t, size: 8.5pt) = {
  show figure.where(kind: table): set block(breakable: t.rows.len() > data.short)
  figure(
    kind: table,
    supplement: none,
    numbering: none,
    caption: t.caption,
    {
      set text(size: size, hyphenate: false)
      set par(leading: 0.5em, spacing: 0.5em)
      table(
        columns: t.widths.map(w => w * 1fr),
        align: t.numbers.map(n => if n { right + top } else { left + top }),
        stroke: none,
        column-gutter: 4pt,
        inset: (x: 2pt, y: 2.6pt),
        table.header(
          ..t.headers.map(h => table.cell(text(weight: 600, broken(h)))),
          table.hline(stroke: 0.7pt + ink),
        ),
        ..for row in t.rows { (..row.map(broken), table.hline(stroke: hair)) },
      )
    },
  )
}

#let shown(b) = {
  if b.kind == "paragraph" { par(b.text) }
  else if b.kind == "note" { note(b.text) }
  else if b.kind == "table" { tabled(b) }
  else {
    figure(kind: image, supplement: none, numbering: none, caption: b.alt, image(b.file, alt: b.alt, width: 100%))
    if not data.brief { tabled(b.table) }
  }
}

#if data.demo {
  block(width: 100%, inset: 6pt, stroke: (left: 3pt + rgb("#d55e00")), fill: rgb("#fdf3ea"), text(size: 9pt)[
    Demonstration data: made up, about no real project or person.
  ])
}
#show title: set text(size: if data.brief { 17pt } else { 24pt }, weight: 600, fill: accent)
#show title: set block(above: if data.brief { 6pt } else { 18pt }, below: 9pt)
#title(data.title + ", " + if data.period.len() < 12 { data.period.replace(" ", "\u{a0}") } else { data.period })
#block(below: 1.2em, text(fill: faint, data.scope))

#if not data.brief [
  = The findings
  #list(..data.sections.map(s => s.finding), spacing: 0.7em)

  #outline(title: [Contents], depth: 1)
  #pagebreak(weak: true)
]

#for s in data.sections {
  heading(level: 1, s.title)
  block(below: 0.9em, sticky: true, text(weight: 600, s.finding))
  for b in s.blocks { shown(b) }
}

#if data.methods.len() > 0 [
  = How are the figures computed?
  #for m in data.methods {
    block(breakable: true, above: 1em, below: 0.6em, {
      block(below: 0.5em, sticky: true, text(weight: 600, m.title))
      par(coded(m.summary))
      for d in m.details { par(text(size: 9pt, coded(d))) }
    })
  }
]
#if data.sources.len() > 0 [
  = What do they rest on?
  #for t in data.sources { tabled(t, size: 7.2pt) }
]

#let remade = {
  if data.provenance.len() > 0 { par(coded(data.provenance)) } else { par({
    "From snapshot " + str(data.snapshot.id) + " of the store, written by " + data.snapshot.author
    " at " + data.snapshot.committed + ": “"
    data.snapshot.message + "”. The same snapshot, parameters, facts and versions make the same file, byte for byte; "
    "its figures are attached as " + data.record + ", and "
    raw("python -m analytics report verify FILE")
    " says whether they hold."
  }) }
  if data.disclosure != "" { par(data.disclosure) }
  if data.parameters.len() > 0 {
    par({ "Asked for: "; data.parameters.map(((name, value)) => name + " " + value).join("; "); "." })
  }
  par("Made with " + data.versions.join(", ") + ".")
}
#if data.brief {
  line(length: 100%, stroke: hair)
  set text(size: 7.5pt, fill: faint)
  set par(spacing: 0.5em)
  remade
} else [
  = How can this report be made again?
  #remade
]

#pdf.attach(
  data.record,
  read(data.record, encoding: none),
  relationship: "data",
  mime-type: "application/json",
  description: "The parameters, the state of the store and every figure of this report, for machines.",
)
"""
