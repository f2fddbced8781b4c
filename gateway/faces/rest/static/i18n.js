// German and English: texts, times, amounts.

import { TEXTS } from "./texts.js";

const KEPT = "kassenwart.language";
let language = choose();
document.documentElement.lang = language;

/** The text for a key in the chosen language, with `{name}` replaced; the key itself where there is none. */
export function t(key, values = {}) {
  const text = TEXTS[language][key] ?? key;
  return text.replace(/\{(\w+)\}/g, (_, name) => values[name] ?? "");
}

/** The word for an enum value such as `print_job`, `PRINTED`; the value itself where it is not known. */
export function word(kind, value) {
  return TEXTS[language][`${kind}.${value}`] ?? value;
}

export function currentLanguage() {
  return language;
}

/** Switch, and remember it in this browser. */
export function setLanguage(code) {
  language = code in TEXTS ? code : "en";
  document.documentElement.lang = language;
  try {
    localStorage.setItem(KEPT, language);
  } catch {
    // It lasts as long as the page then.
  }
}

/** A time of day, with the date where that is not today. */
export function time(text, { seconds = false } = {}) {
  if (!text) return "";
  const moment = new Date(text);
  const today = moment.toDateString() === new Date().toDateString();
  const format = { hour: "2-digit", minute: "2-digit", ...(seconds ? { second: "2-digit" } : {}) };
  const date = today ? {} : { day: "2-digit", month: "2-digit", year: "2-digit" };
  return new Intl.DateTimeFormat(locale(), { ...date, ...format }).format(moment);
}

export function day(text) {
  return text ? new Intl.DateTimeFormat(locale(), { dateStyle: "long" }).format(new Date(text)) : "";
}

export function count(value) {
  return new Intl.NumberFormat(locale()).format(Number(value));
}

/** An amount in minor units as money. */
export function money(minor, currency) {
  const format = new Intl.NumberFormat(locale(), { style: "currency", currency: currency || "EUR" });
  return format.format(Number(minor) / 10 ** format.resolvedOptions().maximumFractionDigits);
}

export function bytes(value) {
  const gib = Number(value) / 2 ** 30;
  const [amount, unit] = gib < 1 ? [gib * 1024, "MiB"] : [gib, "GiB"];
  return `${new Intl.NumberFormat(locale(), { maximumFractionDigits: amount < 10 ? 1 : 0 }).format(amount)} ${unit}`;
}

/** Seconds as days, hours and minutes. */
export function duration(seconds) {
  const minutes = Math.floor(seconds / 60);
  const [days, hours] = [Math.floor(minutes / 1440), Math.floor(minutes / 60) % 24];
  if (days) return t("daysHours", { days, hours });
  if (hours) return t("hoursMinutes", { hours, minutes: minutes % 60 });
  return minutes ? t("minutes", { minutes }) : t("underAMinute");
}

function locale() {
  return language === "de" ? "de-DE" : "en-GB";
}

function choose() {
  let kept = null;
  try {
    kept = localStorage.getItem(KEPT);
  } catch {
    // Not allowed to look: the browser's language it is.
  }
  if (kept in TEXTS) return kept;
  return navigator.language.toLowerCase().startsWith("de") ? "de" : "en";
}
