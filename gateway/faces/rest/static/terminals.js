// Card terminals: payments, cancel what runs, ask what became of the unresolved.

import { action, h } from "./dom.js";
import { currentLanguage, money, t, time, word } from "./i18n.js";
import { attempt, badge, recordList } from "./parts.js";

const RUNNING = new Set(["PENDING", "IN_PROGRESS"]);

export function terminalPanel(context, device) {
  const path = `/v1/terminals/${device.id}/payments`;
  const list = context.store.list(`terminals/${device.id}/payments`, path, "payments");
  const payments = recordList(context, list, t("payments"), (payment) => paymentRow(context, device.id, payment));
  return { actions: [], body: [payments.element], open: payments.load };
}

function paymentRow(context, terminal, payment) {
  const path = `/v1/${payment.name}`;
  const cancel = () =>
    attempt(context, terminal, async () => {
      await context.store.show(context.api.post(`${path}:cancel`));
      context.store.note(terminal, { tone: "busy", title: t("cancelAsked") });
    });
  const resolve = () =>
    attempt(context, terminal, async () => {
      const found = await context.store.show(context.api.post(`${path}:resolve`));
      context.store.note(terminal, {
        tone: found.state === "UNKNOWN" ? "warn" : "good",
        title: `${money(found.amountMinor, found.currencyCode)}: ${word("payment", found.state)}`,
        lines: [saying(found)],
      });
    });
  return [
    h(
      "div",
      { class: "row-head" },
      badge("payment", payment.state),
      h("strong", { class: "amount" }, money(payment.amountMinor, payment.currencyCode)),
      h("time", { datetime: payment.createTime }, time(payment.createTime)),
    ),
    h("p", { class: "reason" }, saying(payment)),
    h(
      "p",
      { class: "row-text" },
      [
        payment.reference,
        payment.card?.name,
        payment.card?.maskedNumber,
        payment.receiptNumber ? t("receiptNumber", { number: payment.receiptNumber }) : "",
        t("by", { who: payment.principal }),
      ].filter(Boolean).join(" · "),
    ),
    RUNNING.has(payment.state) ? action(`cancel:${payment.name}`, t("cancelPayment"), cancel, "danger") : null,
    payment.state === "UNKNOWN" ? action(`resolve:${payment.name}`, t("resolve"), resolve, "primary") : null,
  ];
}

function saying(payment) {
  return (currentLanguage() === "de" && payment.messageDe) || payment.message;
}
