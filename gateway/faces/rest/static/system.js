// The machine: version, uptime, disk, warnings.

import { facts, h, refill } from "./dom.js";
import { bytes, duration, t } from "./i18n.js";

export function systemSection({ store, signal, ticks }) {
  const banner = h("div", {});
  const warnings = h("div", { "aria-live": "polite" });
  const about = h("div", {});

  function draw() {
    const { system } = store;
    refill(
      banner,
      system.demonstration
        ? h("div", { class: "mark" }, h("strong", {}, t("demonstration")), h("span", {}, t("demonstrationText")))
        : null,
    );
    const found = system.warnings.filter((text) => !(system.demonstration && text.startsWith("Demonstration mode")));
    refill(
      warnings,
      found.length
        ? h("div", { class: "note warn" }, h("h3", {}, t("warnings")), h("ul", {}, found.map((text) => h("li", {}, text))))
        : null,
    );
    drawFacts();
  }

  function drawFacts() {
    const { system } = store;
    const up = parseFloat(system.uptime) + (Date.now() - store.readAt) / 1000;
    const { freeBytes: free, totalBytes: total, databaseBytes } = system.storage;
    const label = t("diskFree", { free: bytes(free), total: bytes(total) });
    const used = Number(total) - Number(free);
    const meter = h("meter", { min: 0, max: total, value: used, high: Number(total) * 0.9, "aria-hidden": "true" });
    refill(
      about,
      facts([
        [t("version"), system.version],
        [t("uptime"), duration(up)],
        [t("machine"), [system.hostname, system.os].filter(Boolean).join(", ")],
        [t("disk"), h("span", {}, label, meter)],
        [t("database"), bytes(databaseBytes)],
      ]),
    );
  }

  store.addEventListener("system", draw, { signal });
  ticks.addEventListener("tick", drawFacts, { signal });
  draw();
  return h(
    "section",
    { class: "system", "aria-labelledby": "system-title" },
    banner,
    warnings,
    h("div", { class: "card" }, h("h2", { id: "system-title" }, t("system")), about),
  );
}
