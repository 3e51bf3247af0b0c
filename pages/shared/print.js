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
  let turned = [];

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
  const turn = (element, property) => {
    const colour = onPaper(getComputedStyle(element)[property]);
    if (colour === null) return;
    turned.push([element, property, element.style.getPropertyValue(property), element.style.getPropertyPriority(property)]);
    element.style.setProperty(property, colour, "important");
  };
  const turnOver = () => {
    document.documentElement.dataset.printedFrom = "dark";
    for (const element of document.querySelectorAll(".js-plotly-plot svg :is(text, tspan, path, rect, line, circle)")) {
      const ofMarks = element.matches("text, tspan") ? ".bartext-inside, .heatmap-label" : ".point, .points";
      if (!element.closest(ofMarks)) turn(element, "fill");
      turn(element, "stroke");
    }
  };
  const turnBack = () => {
    delete document.documentElement.dataset.printedFrom;
    turned.forEach(([element, property, value, priority]) => element.style.setProperty(property, value, priority));
    turned = [];
  };

  window.addEventListener("beforeprint", () => {
    const block = document.querySelector("[data-testid=stMainBlockContainer]");
    if (!block) return;
    const style = getComputedStyle(block);
    const across = block.clientWidth - parseFloat(style.paddingLeft) - parseFloat(style.paddingRight);
    document.documentElement.style.setProperty("--paper-zoom", String(Math.min(1, PAPER_PX / across)));
    drawn().forEach((box) => box.style.setProperty("--screen-width", `${box.clientWidth}px`));
    if (isDark()) turnOver();
  });
  window.addEventListener("afterprint", () => {
    drawn().forEach((box) => box.style.removeProperty("--screen-width"));
    turnBack();
  });
}
