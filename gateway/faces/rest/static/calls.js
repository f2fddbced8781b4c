// Caller ID: who called.

import { h } from "./dom.js";
import { t, time, word } from "./i18n.js";
import { badge, recordList } from "./parts.js";

export function callerPanel(context, device) {
  const list = context.store.list(`calls:${device.id}`, "/v1/calls", "calls", { filter: `device = ${device.id}` });
  const calls = recordList(context, list, t("calls"), callRow);
  return { actions: [], body: [calls.element], open: calls.load };
}

function callRow(call) {
  return [
    h(
      "div",
      { class: "row-head" },
      badge("call", call.state),
      h("strong", {}, callerOf(call)),
      h("time", { datetime: call.createTime }, time(call.createTime)),
    ),
    h(
      "p",
      { class: "row-text" },
      [
        word("direction", call.direction),
        call.displayName ? call.display : "",
        call.line,
        call.durationSeconds ? t("seconds", { seconds: call.durationSeconds }) : "",
      ].filter(Boolean).join(" · "),
    ),
  ];
}

function callerOf(call) {
  return call.displayName || call.display || call.number || (call.reason ? word("number", call.reason) : t("unknown"));
}
