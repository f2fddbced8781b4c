// Cash drawers: open with a reason, and who did.

import { requestId } from "./api.js";
import { action, dialog, h, once } from "./dom.js";
import { t, time, word } from "./i18n.js";
import { attempt, badge, recordList } from "./parts.js";

export function drawerPanel(context, device) {
  const list = context.store.list(`drawers/${device.id}/openings`, `/v1/drawers/${device.id}/openings`, "openings");
  const openings = recordList(context, list, t("openings"), openingRow);
  return {
    actions: [action(`open:${device.id}`, t("openDrawer"), () => ask(context, device.id), "primary")],
    body: [openings.element],
    open: openings.load,
  };
}

function openingRow(opening) {
  return [
    h(
      "div",
      { class: "row-head" },
      badge("drawer_opening", opening.state),
      h("time", { datetime: opening.createTime }, time(opening.createTime)),
    ),
    h("p", { class: "row-text" }, `${opening.reason || t("noReason")} · ${t("by", { who: opening.principal })}`),
    opening.failure ? h("p", { class: "reason" }, opening.failure) : null,
  ];
}

/** Ask why, then pulse once. */
function ask(context, drawer) {
  const reason = h("input", { id: "reason", required: true, maxlength: 128, autocomplete: "off", "aria-describedby": "reason-help" });
  const choices = t("openReasons").split("|").map((text) =>
    h("button", { type: "button", class: "quiet", onclick: () => choose(text) }, text),
  );
  const form = h(
    "form",
    { onsubmit: submit },
    h("label", { for: "reason" }, t("openReason")),
    reason,
    h("p", { id: "reason-help", class: "small" }, t("openReasonHelp")),
    h("div", { class: "choices" }, choices),
    h(
      "div",
      { class: "actions" },
      h("button", { type: "submit", class: "primary", "data-key": `open:${drawer}` }, t("openNow")),
      h("button", { type: "button", onclick: () => box.close() }, t("cancel")),
    ),
  );

  function choose(text) {
    reason.value = text;
    reason.focus();
  }

  function submit(event) {
    event.preventDefault();
    const why = reason.value.trim();
    if (!why) {
      reason.value = "";
      reason.reportValidity();
      return;
    }
    box.close();
    once(`open:${drawer}`, () => open(context, drawer, why));
  }

  const box = dialog(t("openDrawerTitle", { drawer }), form);
}

async function open(context, drawer, reason) {
  await attempt(context, drawer, async () => {
    const call = context.api.post(`/v1/drawers/${drawer}:open`, { reason, requestId: requestId() });
    const opening = await context.store.show(call);
    context.store.note(drawer, {
      tone: opening.state === "PULSED" ? "good" : "bad",
      title: `${t("opening")}: ${word("drawer_opening", opening.state)}`,
      lines: opening.failure ? [opening.failure] : [],
    });
  });
}
