// Before a page is printed, each chart and each table that scrolls is held at the width that it has on the screen, for which it was
// drawn, and the paper is told how much narrower it is, by which the rules for print (`looks.RULES`) then make them smaller: so none is
// cut, and none is drawn anew too late for the paper. A page that is dark on the screen is told to be light on paper: the rules turn its
// words and tables over, and here its charts are, of which the near-white words and lines become dark and all colours stay what they are.
if (!window.equinodePrint) {
  window.equinodePrint = true;
  const PAPER_PX = 950;
  const NEAR_WHITE = 165;
  const NEAR_BLACK = 70;
  const INK = "13, 19, 26";
  const PAPER = "255, 255, 255";
  const MARKS = ".point, .point *, .points *";
  const WITHIN_MARKS = ".bartext-inside, .heatmap-label *";

  const drawn = () =>
    [...document.querySelectorAll("[data-testid=stElementContainer]")].filter((box) =>
      box.querySelector("[data-testid=stPlotlyChart], [data-testid=stDataFrame]"),
    );
  const channels = (colour) => (colour.match(/[\d.]+/g) ?? []).map(Number);
  const isDark = () => {
    const [red = 255, green = 255, blue = 255] = channels(getComputedStyle(document.querySelector("[data-testid=stApp]")).backgroundColor);
    return red + green + blue < 3 * 128;
  };
  // The colour that near-white or near-black has on paper; nothing where the colour stays.
  const onPaper = (colour) => {
    const [red, green, blue, alpha = 1] = channels(colour);
    if (blue === undefined || alpha === 0) return null;
    if (Math.min(red, green, blue) > NEAR_WHITE) return `rgba(${INK}, ${alpha})`;
    if (Math.max(red, green, blue) < NEAR_BLACK) return `rgba(${PAPER}, ${alpha})`;
    return null;
  };
  // Words that are wholly white or dark on a dark screen stand in a mark or on a map, which stay as they are.
  const onPaperOfWords = (colour) => {
    const isWhite = channels(colour).every((channel) => channel === 255);
    return !isWhite && Math.min(...channels(colour).slice(0, 3)) > NEAR_WHITE ? onPaper(colour) : null;
  };
  // Rules, not colours of elements, since charts may be drawn anew while the paper is made.
  const turnedOver = () => {
    const rules = new Set();
    for (const element of document.querySelectorAll(".js-plotly-plot svg [style]")) {
      for (const property of ["fill", "stroke"]) {
        const colour = element.style[property];
        const isWord = element.matches("text, tspan");
        const turned = isWord ? onPaperOfWords(colour) : onPaper(colour);
        if (turned === null) continue;
        const kind = isWord ? `:is(text, tspan):not(${WITHIN_MARKS})` : `:not(text, tspan${property === "fill" ? `, ${MARKS}` : ""})`;
        rules.add(`.js-plotly-plot svg [style*="${property}: ${colour}"]${kind} { ${property}: ${turned} !important; }`);
      }
    }
    return `@media print { ${[...rules].join(" ")} }`;
  };
  const sheet = document.createElement("style");

  window.addEventListener("beforeprint", () => {
    const block = document.querySelector("[data-testid=stMainBlockContainer]");
    if (!block) return;
    const style = getComputedStyle(block);
    const across = block.clientWidth - parseFloat(style.paddingLeft) - parseFloat(style.paddingRight);
    document.documentElement.style.setProperty("--paper-zoom", String(Math.min(1, PAPER_PX / across)));
    drawn().forEach((box) => box.style.setProperty("--screen-width", `${box.clientWidth}px`));
    if (!isDark()) return;
    document.documentElement.dataset.printedFrom = "dark";
    sheet.textContent = turnedOver();
    document.head.append(sheet);
  });
  window.addEventListener("afterprint", () => {
    drawn().forEach((box) => box.style.removeProperty("--screen-width"));
    delete document.documentElement.dataset.printedFrom;
    sheet.remove();
  });
}
