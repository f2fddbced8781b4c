// Receipt printers: test print with a preview, sensors, jobs.

import { requestId } from "./api.js";
import { action, dialog, facts, h, refill } from "./dom.js";
import { currentLanguage, t, time, word } from "./i18n.js";
import { attempt, badge, failure, noteBox, recordList } from "./parts.js";

const WAITING = new Set(["QUEUED", "HELD"]);
const FINAL = new Set(["PRINTED", "UNCERTAIN", "FAILED", "CANCELLED", "EXPIRED"]);

export function printerPanel(context, device) {
  const { api, store, signal } = context;
  const path = `/v1/printers/${device.id}`;
  const list = store.list(`printers/${device.id}/jobs`, `${path}/jobs`, "jobs");
  const jobs = recordList(context, list, t("jobs"), (job) => jobRow(context, device.id, job));
  const sensors = h("div", { class: "sensors" });

  async function readStatus() {
    try {
      refill(sensors, statusFacts(await api.get(`${path}/status`)));
    } catch (error) {
      refill(sensors, noteBox(failure(error)));
    }
  }

  function refresh(id) {
    if (id === device.id && opened) store.settled(`status:${id}`, () => !signal.aborted && readStatus());
  }

  let opened = false;
  store.addEventListener("device", (event) => refresh(event.detail), { signal });
  return {
    actions: [action(`testPrint:${device.id}`, t("testPrint"), () => testPrint(context, device.id), "primary")],
    body: [
      h("section", {}, h("h4", {}, t("status")), sensors, action(`status:${device.id}`, t("readAgain"), readStatus, "quiet")),
      jobs.element,
    ],
    open: () => {
      opened = true;
      readStatus();
      jobs.load();
    },
  };
}

function statusFacts(status) {
  const cover = status.coverOpen === undefined ? t("unknown") : t(status.coverOpen ? "coverOpen" : "coverClosed");
  return facts([
    [t("paper"), word("paper", status.paper)],
    [t("cover"), cover],
    [t("printerError"), status.error],
    [t("queue"), t("queueLength", { length: status.queueLength })],
    [t("readAt"), time(status.readTime, { seconds: true })],
  ]);
}

function jobRow(context, printer, job) {
  const path = `/v1/${job.name}`;
  const cancel = () =>
    attempt(context, printer, async () => context.store.show(context.api.post(`${path}:cancel`)));
  const reprint = () =>
    attempt(context, printer, async () => {
      const again = await context.store.show(context.api.post(`${path}:reprint`, { requestId: requestId(), wait: "8s" }));
      context.store.note(printer, outcome(t("reprintTaken"), again));
    });
  return [
    h("div", { class: "row-head" }, badge("print_job", job.state), h("time", { datetime: job.createTime }, time(job.createTime))),
    h(
      "p",
      { class: "row-text" },
      [
        job.reference,
        job.reprintOf ? t("reprintOf") : "",
        job.copies > 1 ? t("copies", { copies: job.copies }) : "",
        job.state === "PRINTED" ? word("evidence", job.evidence) : "",
        t("by", { who: job.principal }),
      ].filter(Boolean).join(" · "),
    ),
    job.holdReason || job.failure ? h("p", { class: "reason" }, job.holdReason || job.failure) : null,
    WAITING.has(job.state) ? action(`cancel:${job.name}`, t("cancel"), cancel, "quiet") : null,
    FINAL.has(job.state) ? action(`reprint:${job.name}`, t("reprint"), reprint, "quiet") : null,
  ];
}

function outcome(title, job) {
  const done = job.state === "PRINTED";
  const lines = [done ? word("evidence", job.evidence) : job.holdReason || job.failure].filter(Boolean);
  return { tone: done ? "good" : "warn", title: `${title}: ${word("print_job", job.state)}`, lines };
}

/** Show the test slip as it will look; it is printed only when that is confirmed. */
async function testPrint(context, printer) {
  const { api, store } = context;
  const device = store.devices.get(printer);
  const slip = testSlip(device);
  let picture;
  store.note(printer, null);
  try {
    const columns = Number(device.options?.columns) || 48;
    picture = URL.createObjectURL(await api.blob("/v1/documents:render", { document: slip, format: "PNG", columns }));
  } catch (error) {
    store.note(printer, failure(error));
    return;
  }
  const print = () => {
    box.close();
    return attempt(context, printer, async () => {
      const body = { document: slip, reference: t("testPrint"), requestId: requestId(), wait: "8s" };
      const job = await store.show(api.post(`/v1/printers/${printer}/jobs`, body));
      store.note(printer, outcome(t("testPrint"), job));
    });
  };
  const box = dialog(
    t("testPrintTitle", { printer }),
    h("p", {}, t("testPrintText")),
    h("div", { class: "paper" }, h("img", { src: picture, alt: t("testPrintAlt") })),
    h(
      "div",
      { class: "actions" },
      action(`testPrintNow:${printer}`, t("print"), print, "primary"),
      h("button", { type: "button", onclick: () => box.close() }, t("cancel")),
    ),
  );
  box.addEventListener("close", () => URL.revokeObjectURL(picture));
}

/** A slip that shows at a glance whether a printer does everything that receipts need. */
function testSlip(device) {
  const row = (left, right, bold = false) => ({
    columns: { bold, columns: [{ text: left }, { text: right, width: 10, align: "RIGHT" }] },
  });
  const moment = new Date().toLocaleString(currentLanguage() === "de" ? "de-DE" : "en-GB");
  return {
    blocks: [
      { text: { text: t("slip.title"), align: "CENTER", bold: true, width: 2, height: 2 } },
      { text: { text: t("slip.welcome"), align: "CENTER" } },
      { rule: {} },
      { text: { text: t("slip.characters") } },
      { text: { text: t("slip.bold"), bold: true } },
      { text: { text: t("slip.inverted"), invert: true } },
      { rule: {} },
      row(t("slip.item"), t("slip.price")),
      row(t("slip.total"), t("slip.sum"), true),
      { rule: { character: "=" } },
      { qr: { data: `Kassenwart ${device.id} ${new Date().toISOString()} äöü €` } },
      { text: { text: `${device.id} · ${moment}`, align: "CENTER" } },
      { text: { text: t("slip.end"), align: "CENTER" } },
      { cut: {} },
    ],
  };
}
