// Elements, buttons and dialogs. Text goes into the page as text nodes only: names, references and reasons come from
// anybody, and nothing here reads HTML.

/** An element with attributes, listeners (`onclick`) and children; empty children are left out. */
export function h(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value === undefined || value === null || value === false) continue;
    if (typeof value === "function") element.addEventListener(name.slice(2), value);
    else element.setAttribute(name, value === true ? "" : String(value));
  }
  element.append(...children.flat(2).filter((child) => child !== null && child !== undefined && child !== false));
  return element;
}

const running = new Set();

/**
 * A button for a call. It is disabled while the call runs, and so is every later button with the same key: the page may
 * be drawn anew meanwhile, and one click must stay one call.
 */
export function action(key, label, work, style = "") {
  const button = h("button", { type: "button", class: style, "data-key": key, onclick: () => once(key, work) }, label);
  button.disabled = running.has(key);
  return button;
}

/** Do the work unless it runs already; buttons with this key show it. */
export async function once(key, work) {
  if (running.has(key)) return;
  const before = document.activeElement;
  running.add(key);
  mark(key);
  try {
    await work();
  } finally {
    running.delete(key);
    mark(key);
    if (document.activeElement === document.body && before?.isConnected) before.focus();
  }
}

function mark(key) {
  for (const button of document.querySelectorAll("button[data-key]")) {
    if (button.dataset.key === key) button.disabled = running.has(key);
  }
}

/** Replace the children of an element; the focus stays on the button with the same key. */
export function refill(element, ...children) {
  const focused = element.contains(document.activeElement) ? document.activeElement.dataset.key : undefined;
  element.replaceChildren(...children.flat(2).filter((child) => child !== null && child !== undefined && child !== false));
  if (focused === undefined) return;
  const again = [...element.querySelectorAll("button[data-key]")].find((button) => button.dataset.key === focused);
  again?.focus();
}

/** A modal dialog that removes itself when it is closed. */
export function dialog(title, ...children) {
  const heading = h("h2", { id: "dialog-title" }, title);
  const element = h("dialog", { "aria-labelledby": "dialog-title" }, heading, ...children);
  element.addEventListener("close", () => element.remove());
  document.body.append(element);
  element.showModal();
  return element;
}

/** Term and description pairs; those without a description are left out, `wide` ones have a row of their own. */
export function facts(pairs) {
  const shown = pairs.filter(([, value]) => value !== "" && value !== null && value !== undefined);
  return h("dl", {}, shown.map(([term, value, style]) => h("div", { class: style }, h("dt", {}, term), h("dd", {}, value))));
}
