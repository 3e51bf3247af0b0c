// Every choice that changes the address becomes a step of the browser's history, so that back and forward undo and redo it.
// By itself the page only replaces the address when a choice is made (an absolute address). What the server then changes (a relative
// address) comes as several changes, which are one step; and where another page is opened, the server first takes away the choices of
// the page that is left, so that the way back would lead to that page without them. The server's changes therefore wait a little:
// further ones take their place, and opening another page drops them.
if (!window.equinodeHistory) {
  window.equinodeHistory = true;
  const WAIT_MS = 1500;
  const push = window.history.pushState.bind(window.history);
  const replace = window.history.replaceState.bind(window.history);
  let waiting = null;

  const drop = () => {
    clearTimeout(waiting?.timer);
    waiting = null;
  };
  const land = () => {
    const { address } = waiting;
    drop();
    push({}, "", address);
  };
  // The address of a choice that was made while a change of the server waits: that change, with what the choice changes.
  const together = (chosen) => {
    const merged = new URL(waiting.address, window.location.href);
    const now = new URLSearchParams(window.location.search);
    for (const name of new Set([...now.keys(), ...chosen.searchParams.keys()])) {
      const values = chosen.searchParams.getAll(name);
      if (String(values) !== String(now.getAll(name))) {
        merged.searchParams.delete(name);
        values.forEach((value) => merged.searchParams.append(name, value));
      }
    }
    return merged.toString();
  };
  window.history.pushState = (state, title, address) => {
    const next = new URL(address ?? "", window.location.href);
    drop();
    if (next.pathname === window.location.pathname) {
      waiting = { address: next.toString(), timer: setTimeout(land, WAIT_MS) };
    } else {
      push(state, title, address);
    }
  };
  window.history.replaceState = (state, title, address) => {
    const chosen = typeof address === "string" && address.startsWith(window.location.origin) ? new URL(address) : null;
    if (chosen && chosen.pathname === window.location.pathname && chosen.search !== window.location.search) {
      const whole = waiting ? together(chosen) : address;
      drop();
      push(state, title, whole);
    } else {
      replace(state, title, address);
    }
  };
  window.addEventListener("popstate", drop, true);
}
