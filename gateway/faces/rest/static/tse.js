// The TSE: what the tax office and the shopkeeper need to know of it.

import { facts, h, refill } from "./dom.js";
import { count, day, t, time } from "./i18n.js";
import { badge, failure, noteBox, recordList } from "./parts.js";

export function tsePanel(context, device) {
  const { api, store, signal } = context;
  const path = `/v1/tse/${device.id}`;
  const list = store.list(`tse/${device.id}/transactions`, `${path}/transactions`, "transactions");
  const transactions = recordList(context, list, t("transactions"), transactionRow);
  const state = h("div", { class: "sensors" });
  let opened = false;

  async function read() {
    try {
      refill(state, tseFacts(await api.get(path)));
    } catch (error) {
      refill(state, noteBox(failure(error)));
    }
  }

  function refresh() {
    if (opened) store.settled(`tse:${device.id}`, () => !signal.aborted && read());
  }

  store.addEventListener("device", (event) => event.detail === device.id && refresh(), { signal });
  store.addEventListener("list", (event) => event.detail === list.key && refresh(), { signal });
  return {
    banner: device.development
      ? h("div", { class: "mark" }, h("strong", {}, t("developmentTse")), h("span", {}, t("developmentTseText")))
      : null,
    actions: [],
    body: [state, transactions.element],
    open: () => {
      opened = true;
      read();
      transactions.load();
    },
  };
}

function tseFacts(tse) {
  return facts([
    [t("serial"), h("code", {}, tse.serialNumber), "wide"],
    [t("certificateEnd"), certificate(tse.certificateExpireTime), "wide"],
    [t("signaturesLeft"), count(tse.signaturesRemaining)],
    [t("signaturesMade"), count(tse.signaturesCreated)],
    [t("openTransactions"), tse.openTransactions.map((number) => t("transactionNumber", { number })).join(", ") || t("none")],
    [t("clients"), tse.clients.join(", ") || t("none")],
    [t("selfTest"), t(tse.selfTestPassed ? "selfTestPassed" : "selfTestMissing")],
    [t("clock"), t(tse.timeValid ? "clockSet" : "clockNotSet")],
  ]);
}

function certificate(end) {
  if (!end) return t("unknown");
  const days = Math.floor((new Date(end) - Date.now()) / 86_400_000);
  return days < 0 ? t("certificateOver", { day: day(end) }) : t("certificateDays", { day: day(end), days: count(days) });
}

function transactionRow(transaction) {
  return [
    h(
      "div",
      { class: "row-head" },
      badge("transaction", transaction.state),
      h("time", { datetime: transaction.createTime }, time(transaction.createTime)),
    ),
    h(
      "p",
      { class: "row-text" },
      [
        Number(transaction.number) ? t("transactionNumber", { number: transaction.number }) : "",
        transaction.reference,
        transaction.clientId,
        t("by", { who: transaction.principal }),
      ].filter(Boolean).join(" · "),
    ),
    transaction.failure ? h("p", { class: "reason" }, transaction.failure) : null,
  ];
}
