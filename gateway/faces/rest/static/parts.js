// Pieces that all panels share: states, notes, lists of records.

import { Problem } from "./api.js";
import { action, h, refill } from "./dom.js";
import { t, word } from "./i18n.js";

/** What a state means for whoever looks: good, busy, warn, bad or off. Its sign stands beside the colour. */
const TONES = {
  good: ["READY", "PRINTED", "PULSED", "APPROVED", "FINISHED", "LIVE"],
  busy: ["CONNECTING", "QUEUED", "SENDING", "CONFIRMING", "PENDING", "IN_PROGRESS", "STARTING", "OPEN", "FINISHING", "RINGING", "DIALING", "TALKING"],
  warn: ["DEGRADED", "HELD", "UNCERTAIN", "UNKNOWN", "BROKEN", "REFUSED"],
  bad: ["OFFLINE", "FAILED", "DECLINED", "MISSED"],
};
const SIGNS = { good: "✓", busy: "…", warn: "!", bad: "✕", off: "–" };

function toneOf(state) {
  return Object.keys(TONES).find((tone) => TONES[tone].includes(state)) ?? "off";
}

/** A state as sign and word, in its colour. */
export function badge(kind, state, text = word(kind, state)) {
  const tone = toneOf(state);
  return h("span", { class: `badge ${tone}` }, h("span", { class: "sign", "aria-hidden": "true" }, SIGNS[tone]), text);
}

/** A note about an error, with everything that the API says. */
export function failure(error) {
  if (!(error instanceof Problem)) {
    console.error(error);
    return { tone: "bad", title: t("errorMark"), lines: [String(error)] };
  }
  const lines = error.errors.filter((one) => !error.detail.includes(one.detail)).map((one) => `${one.pointer} ${one.detail}`);
  if (error.outcome === "unknown") lines.push(t("maybeHappened"));
  if (error.retryAfter) lines.push(t("tryAgainIn", { seconds: error.retryAfter }));
  const small = [error.reason, error.requestId].filter(Boolean).join(" · ");
  return { tone: "bad", title: error.detail, lines, small };
}

/** A note as an element; errors interrupt a screen reader, the rest waits its turn. */
export function noteBox(note, onClose) {
  return h(
    "div",
    { class: `note ${note.tone}`, role: note.tone === "bad" ? "alert" : "status" },
    h("p", { class: "note-title" }, note.title),
    note.lines?.length ? h("ul", {}, note.lines.map((line) => h("li", {}, line))) : null,
    note.small ? h("p", { class: "small" }, note.small) : null,
    onClose ? h("button", { type: "button", class: "plain close", "aria-label": t("dismiss"), onclick: onClose }, "✕") : null,
  );
}

/** Run a call of a device's panel; what goes wrong is shown with the device. */
export async function attempt(context, device, work) {
  context.store.note(device, null);
  try {
    await work();
  } catch (error) {
    context.store.note(device, failure(error));
  }
}

/**
 * A list that is read when it is first needed and then follows the events. `row(record)` returns what stands in a row.
 * Returns `{element, load}`.
 */
export function recordList({ store, signal }, list, title, row) {
  const rows = h("ul", { class: "records", "data-list": list.key });
  const foot = h("div", { class: "foot" });
  const shown = new Map();

  async function read(options) {
    try {
      await store.read(list, options);
    } catch (error) {
      refill(foot, noteBox(failure(error)), action(`read:${list.key}`, t("tryAgain"), () => read(options), "quiet"));
    }
  }

  function draw() {
    if (!list.ready) return;
    for (const [name, old] of shown) {
      if (list.records.has(name)) continue;
      old.element.remove();
      shown.delete(name);
    }
    let before = null;
    for (const [name, record] of list.records) {
      let known = shown.get(name);
      if (known?.record !== record) {
        known ??= { element: h("li") };
        refill(known.element, row(record));
        shown.set(name, { element: known.element, record });
      }
      const place = before ? before.nextSibling : rows.firstChild;
      if (place !== known.element) rows.insertBefore(known.element, place);
      before = known.element;
    }
    refill(
      foot,
      list.records.size ? null : h("p", { class: "quiet-text" }, t("nothingYet")),
      list.next ? action(`more:${list.key}`, t("more"), () => read({ more: true }), "quiet") : null,
    );
  }

  store.addEventListener("list", (event) => event.detail === list.key && draw(), { signal });
  draw();
  return {
    element: h("section", { class: "list" }, h("h4", {}, title), rows, foot),
    load: () => (list.ready ? undefined : read()),
  };
}
