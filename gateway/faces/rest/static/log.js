// The event log: what happens, as it happens.

import { h } from "./dom.js";
import { currentLanguage, money, t, time, word } from "./i18n.js";
import { badge } from "./parts.js";

const SHOWN = 100;
const NAMES = {
  print_job: "job",
  payment: "payment",
  drawer_opening: "opening",
  transaction: "transaction",
  call: "call",
};

export function logSection({ store, signal }) {
  const rows = h("ol", { class: "log", role: "log", tabindex: 0, "aria-labelledby": "events-title" });
  const empty = h("p", { class: "quiet-text" }, t("noEvents"));

  function add(event) {
    rows.prepend(eventRow(event));
    while (rows.childElementCount > SHOWN) rows.lastElementChild.remove();
    empty.hidden = true;
  }

  for (const event of store.log.slice(0, SHOWN).reverse()) add(event);
  store.addEventListener(
    "event",
    ({ detail: { event, live } }) => {
      // What happened before the page was opened is not read out.
      rows.setAttribute("aria-live", live ? "polite" : "off");
      add(event);
    },
    { signal },
  );
  return h(
    "section",
    { class: "events", "aria-labelledby": "events-title" },
    h("div", { class: "card" }, h("h2", { id: "events-title" }, t("events")), empty, rows),
  );
}

function eventRow(event) {
  const [, kind = "", what = ""] = event.type.split(".");
  const data = event.data ?? {};
  const state = what.toUpperCase();
  const name = kind === "device" ? event.device : `${t(NAMES[kind] ?? kind)}${event.device ? ` · ${event.device}` : ""}`;
  const shown = word(kind, state) === state ? badge(kind, state, word(kind, what)) : badge(kind, state);
  const details = [
    data.amountMinor ? money(data.amountMinor, data.currencyCode) : "",
    kind === "call" ? data.displayName || data.display : "",
    data.reference,
    currentLanguage() === "de" ? data.messageDe : data.message,
    data.holdReason || data.failure || (kind === "call" ? "" : data.reason),
    event.principal ? t("by", { who: event.principal }) : "",
  ];
  return h(
    "li",
    { "data-event": event.type, title: event.subject },
    h("time", { datetime: event.time }, time(event.time, { seconds: true })),
    h("span", { class: "what" }, name),
    shown,
    h("p", { class: "row-text" }, details.filter(Boolean).join(" · ")),
  );
}
