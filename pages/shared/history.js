// Every choice that changes the address becomes a step of the browser's history, so that back and forward undo and redo it.
// By itself the page only replaces the address when a choice is made (an absolute address). What it changes in consequence, within a
// second, belongs to the same step. Where another page is opened it first takes away the choices of the page that is left; the way
// back would then lead to that page without them, so such a change waits whether the page is left.
if (!window.equinodeHistory) {
  window.equinodeHistory = true;
  const LEAVING_MS = 1500;
  const TOGETHER_MS = 1000;
  const push = window.history.pushState.bind(window.history);
  const replace = window.history.replaceState.bind(window.history);
  let waiting = null;
  let stepped = -TOGETHER_MS;

  const step = (state, title, address) => {
    const isNew = performance.now() - stepped > TOGETHER_MS;
    stepped = performance.now();
    (isNew ? push : replace)(state, title, address);
  };
  const onlyTakesAway = (next) => {
    const kept = [...new URLSearchParams(next.search)].map(String);
    const now = [...new URLSearchParams(window.location.search)].map(String);
    return kept.length < now.length && kept.every((pair) => now.includes(pair));
  };
  window.history.pushState = (state, title, address) => {
    const next = new URL(address ?? "", window.location.href);
    clearTimeout(waiting);
    if (next.pathname !== window.location.pathname) {
      stepped = performance.now();
      push(state, title, address);
    } else if (onlyTakesAway(next)) {
      waiting = setTimeout(step, LEAVING_MS, state, title, address);
    } else {
      step(state, title, address);
    }
  };
  window.history.replaceState = (state, title, address) => {
    clearTimeout(waiting);
    const next = typeof address === "string" && address.startsWith(window.location.origin) ? new URL(address) : null;
    const isChoice = next && next.pathname === window.location.pathname && next.search !== window.location.search;
    (isChoice ? step : replace)(state, title, address);
  };
  window.addEventListener("popstate", () => clearTimeout(waiting), true);
}
