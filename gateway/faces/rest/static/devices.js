// The devices: how each is, and what can be done with it.

import { callerPanel } from "./calls.js";
import { action, facts, h, refill } from "./dom.js";
import { drawerPanel } from "./drawers.js";
import { t, time, word } from "./i18n.js";
import { attempt, badge, noteBox } from "./parts.js";
import { printerPanel } from "./printers.js";
import { terminalPanel } from "./terminals.js";
import { tsePanel } from "./tse.js";

const PANELS = {
  PRINTER: printerPanel,
  DRAWER: drawerPanel,
  TERMINAL: terminalPanel,
  TSE: tsePanel,
  CALLER_ID: callerPanel,
};
/** Columns of a wide screen, which is also the order on a narrow one. */
const COLUMNS = [["PRINTER", "DRAWER"], ["TERMINAL", "TSE", "CALLER_ID"]];
const FOLDED = new Map(); // device id -> closed by hand; lives as long as the page

/** The section with a card for each device. */
export function devicesSection(context) {
  const { store, signal } = context;
  const columns = COLUMNS.map(() => h("div", { class: "column" }));
  const empty = h("p", { class: "quiet-text" }, t("noDevices"));
  const shown = new Map();

  function draw() {
    for (const [id, card] of shown) {
      if (store.devices.get(id)?.kind === card.kind) continue;
      card.end();
      shown.delete(id);
    }
    for (const [id, device] of store.devices) if (!shown.has(id)) shown.set(id, deviceCard(context, device));
    COLUMNS.forEach((kinds, index) => refill(columns[index], kinds.map(cardsOf)));
    empty.hidden = shown.size > 0;
  }

  function cardsOf(kind) {
    const ids = [...shown.keys()].filter((id) => shown.get(id).kind === kind).sort();
    return ids.map((id) => shown.get(id).element);
  }

  store.addEventListener("devices", draw, { signal });
  draw();
  return h(
    "section",
    { class: "devices", "aria-labelledby": "devices-title" },
    h("h2", { id: "devices-title" }, t("devices")),
    empty,
    h("div", { class: "cards" }, columns),
  );
}

function deviceCard(context, device) {
  const { api, store } = context;
  const own = new AbortController();
  const scope = { ...context, signal: AbortSignal.any([context.signal, own.signal]) };
  const panel = PANELS[device.kind]?.(scope, device) ?? { actions: [], body: [], open: () => {} };
  const state = h("div", { class: "state" });
  const about = h("div", { class: "about" });
  const note = h("div", { class: "notes" });

  const test = () =>
    attempt(context, device.id, async () => {
      const result = await api.post(`/v1/devices/${device.id}:test`);
      store.putDevice(result.device);
      store.note(device.id, {
        tone: result.ok ? "good" : "warn",
        title: `${t(result.ok ? "testOk" : "testFailed")}: ${result.message}`,
        lines: result.hints,
      });
    });

  function drawState() {
    const now = store.devices.get(device.id);
    if (!now) return;
    refill(
      state,
      badge("device", now.state),
      now.since ? h("span", { class: "small" }, t("since", { time: time(now.since) })) : null,
      now.reason ? h("p", { class: "reason" }, now.reason) : null,
    );
    const lease = now.lease && new Date(now.lease.expireTime) > Date.now() ? now.lease : null;
    const identity = now.identity ?? {};
    refill(
      about,
      facts([
        [t("address"), now.address || now.options?.printer || ""],
        [t("heldBy"), lease ? t("heldUntil", { holder: lease.holder || lease.principal, time: time(lease.expireTime) }) : ""],
        [t("driver"), now.driver],
        [t("model"), [identity.vendor, identity.model, identity.firmware].filter(Boolean).join(" "), "wide"],
      ]),
    );
  }

  function drawNote() {
    const found = store.notes.get(device.id);
    refill(note, found ? noteBox(found, () => store.note(device.id, null)) : null);
  }

  const fold = h("details", {}, h("summary", {}, t("details")), about, panel.body);
  fold.addEventListener("toggle", () => {
    FOLDED.set(device.id, !fold.open);
    if (fold.open) panel.open();
  });
  fold.open = !(FOLDED.get(device.id) ?? !matchMedia("(min-width: 48rem)").matches);
  const title = `device-${device.id}`;
  const element = h(
    "article",
    { class: "card", "aria-labelledby": title, "data-device": device.id },
    h("header", {}, h("h3", { id: title }, device.id), h("span", { class: "small" }, word("kind", device.kind))),
    state,
    panel.banner,
    h("div", { class: "actions" }, panel.actions, action(`test:${device.id}`, t("test"), test)),
    note,
    fold,
  );
  const listen = (what, work) =>
    store.addEventListener(what, (event) => event.detail === device.id && work(), { signal: scope.signal });
  listen("device", drawState);
  listen("note", drawNote);
  context.ticks.addEventListener("tick", drawState, { signal: scope.signal });
  drawState();
  drawNote();
  return {
    element,
    kind: device.kind,
    end: () => own.abort(),
  };
}
