// Before a page is printed, each chart and each table that scrolls is held at the width that it has on the screen, for which it was
// drawn, and the paper is told how much narrower it is, by which the rules for print (`parts.PRINT`) then make them smaller: so none is
// cut, and none is drawn anew too late for the paper.
if (!window.equinodePrint) {
  window.equinodePrint = true;
  const PAPER_PX = 950;
  const drawn = () =>
    [...document.querySelectorAll("[data-testid=stElementContainer]")].filter((box) =>
      box.querySelector("[data-testid=stPlotlyChart], [data-testid=stDataFrame]"),
    );
  window.addEventListener("beforeprint", () => {
    const block = document.querySelector("[data-testid=stMainBlockContainer]");
    if (!block) return;
    const style = getComputedStyle(block);
    const across = block.clientWidth - parseFloat(style.paddingLeft) - parseFloat(style.paddingRight);
    document.documentElement.style.setProperty("--paper-zoom", String(Math.min(1, PAPER_PX / across)));
    drawn().forEach((box) => box.style.setProperty("--screen-width", `${box.clientWidth}px`));
  });
  window.addEventListener("afterprint", () => drawn().forEach((box) => box.style.removeProperty("--screen-width")));
}
