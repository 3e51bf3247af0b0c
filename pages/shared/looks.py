"""How every page lies on a screen, on a narrow one and on paper, as far as the theme does not say it."""

RULES = """
<style>
[data-testid="stMultiSelect"] button[aria-label="Clear all"] { min-width: 24px; min-height: 24px; }
[data-testid="stButtonGroup"] [data-selected="true"], [data-testid="stButtonGroup"] [data-selected="true"] *,
[role="tab"][aria-selected="true"], [role="tab"][aria-selected="true"] *,
[data-testid="stSliderThumbValue"], [data-testid="stSliderThumbValue"] * { color: inherit !important; }
[data-testid="stMain"] [data-testid="stPageLink"] a p {
  color: #00598C; color: light-dark(#00598C, #7CC1EA); text-decoration: underline; text-underline-offset: 3px;
}
[data-testid="stMain"] [data-testid="stPageLink"] a { padding-left: 0; padding-right: 0; }
[data-testid="stPageLink"] a:focus-visible { outline: 2px solid; outline-color: light-dark(#00598C, #7CC1EA); outline-offset: 1px; }
@media (max-width: 640px) {
  [data-testid="stHorizontalBlock"] > [data-testid="stElementContainer"]:has(> .stSelectbox, > .stMultiSelect, > .stTextInput) {
    flex: 1 1 calc(50% - .5rem) !important; width: auto !important; min-width: 140px !important;
  }
  .st-key-filter-bar > [data-testid="stLayoutWrapper"] { flex: 1 1 100% !important; }
  .st-key-shown-users-and-machines .annotation { display: none; }
}
@page { margin: 14mm 12mm; }
@media print {
  [data-testid="stSidebar"], [data-testid="stHeader"], [data-testid="stToolbar"], .st-key-filter-bar,
  [data-testid="stDownloadButton"], [class*="st-key-data-of-"], [data-testid="stButtonGroup"], [data-testid="stPopover"],
  [data-testid="stButton"], [data-testid="stPageLink"], [data-testid="stForm"], [class*="st-key-door-"], .st-key-reclaim-rule,
  [data-testid="stElementContainer"]:has(input[placeholder]:not([placeholder=""]):placeholder-shown),
  [data-testid="stCheckbox"], [data-testid="stTooltipIcon"], [data-testid="stPagination"], [data-testid="stElementToolbar"],
  [data-testid="stMain"] [role="tablist"], [data-testid="stFileUploader"], [data-testid="stMain"] button {
    display: none !important;
  }
  [data-testid="stMain"], [data-testid="stAppViewContainer"], [data-testid="stApp"] {
    overflow: visible !important; position: static !important;
  }
  [data-testid="stMainBlockContainer"] { zoom: .72; padding: 0 !important; min-width: 0 !important; max-width: 100% !important; }
  [data-testid="stHorizontalBlock"]:has(> [data-testid="stColumn"]) { display: flex !important; flex-wrap: nowrap !important; }
  [data-testid="stColumn"] { min-width: 0 !important; }
  [style*="--screen-width"] { width: var(--screen-width) !important; max-width: none !important; zoom: var(--paper-zoom); }
  [style*="--screen-width"]:has([data-testid="stDataFrame"])::after {
    content: "What does not fit on paper is in the table's CSV file."; display: block; font-size: 14px; margin-top: 4px;
  }
  [data-testid="stExpander"]:has(details:not([open])) { display: none !important; }
  [data-testid="stPlotlyChart"], [data-testid="stMetric"], [data-testid="stDataFrame"], [class*="st-key-frame-"] { break-inside: avoid; }
  [data-testid="stHeading"] { break-after: avoid; }
  :root[data-printed-from="dark"] body { background: #FFFFFF !important; }
  :root[data-printed-from="dark"] [data-testid="stApp"], :root[data-printed-from="dark"] [data-testid="stApp"] :not(svg, svg *) {
    color: #0D131A !important; border-color: #D5DBE1 !important; color-scheme: light;
  }
  :root[data-printed-from="dark"] [data-testid="stApp"], :root[data-printed-from="dark"] [data-testid="stApp"] :not(svg, svg *, td) {
    background-color: transparent !important;
  }
  :root[data-printed-from="dark"] canvas { filter: invert(1) hue-rotate(180deg) brightness(1.12); }
}
</style>
"""
"""Targets that are large enough to hit; ways to other pages that look like links; what is chosen in a row of buttons, tabs or a slider in
the colour of text, which can be read in the dark too; choices two in a row on a narrow screen. On paper: no bars, no buttons and no
choices that say nothing, columns side by side, small enough that no chart is cut, and dark on white whatever the screen shows."""

SCRIPTS = '<script src="history.js"></script><script src="print.js"></script>'
"""The way to the server's own scripts: by one, back and forward undo and redo choices; by the other, no chart is cut on paper."""
