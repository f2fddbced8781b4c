// The technician's page: signs in, draws, and keeps what is drawn true.

import { Api } from "./api.js";
import { devicesSection } from "./devices.js";
import { action, h, refill } from "./dom.js";
import { EventStream } from "./events.js";
import { currentLanguage, setLanguage, t } from "./i18n.js";
import { logSection } from "./log.js";
import { loginForm } from "./login.js";
import { badge, failure, noteBox } from "./parts.js";
import { Store } from "./store.js";
import { systemSection } from "./system.js";
import { TEXTS } from "./texts.js";

const TICK = 30_000; // milliseconds; uptime and leases grow older without an event

const api = new Api();
const ticks = new EventTarget();
const head = document.querySelector("#head");
const main = document.querySelector("#main");
let store = null;
let stream = null;
let connection = { state: "CONNECTING" };
let drawing = new AbortController();
let redraw = () => {};

/** Try the token at hand; shows the devices, or the form with what is wrong. */
async function enter() {
  leave();
  const mine = (store = new Store(api));
  try {
    const from = await mine.begin();
    if (mine !== store) return;
    follow(mine, from);
  } catch (error) {
    if (mine !== store) return;
    store = null;
    if (error.status === 401) return; // onRefused has shown the form
    show(() => broken(error));
    return;
  }
  show(sections);
}

function follow(mine, from) {
  stream = new EventStream(api, {
    onEvent: (event) => mine === store && mine.apply(event),
    onState: (state) => {
      if (mine !== store) return;
      connection = state;
      drawConnection();
    },
    enough: (oldest) => mine.reaches(oldest) || (mine === store && enter(), false),
    before: async () => {
      if (await mine.sameAs(stream.lastId)) return true;
      enter();
      return false;
    },
  });
  stream.lastId = from;
  stream.run();
}

/** Stop following. */
function leave() {
  stream?.stop();
  store?.stop();
  stream = store = null;
}

function signOut(note) {
  leave();
  api.forget();
  show(() => [loginForm(signIn, note)]);
  document.querySelector("#token").focus();
}

async function signIn(token) {
  api.keep(token);
  await enter();
}

function broken(error) {
  const unfit = error.status === 403 ? [h("p", {}, t("tokenUnfit"))] : [];
  return [
    h(
      "section",
      { class: "login card" },
      noteBox(failure(error)),
      unfit,
      h("div", { class: "actions" }, action("enter", t("tryAgain"), enter, "primary")),
    ),
  ];
}

function sections(context) {
  return [systemSection(context), devicesSection(context), logSection(context)];
}

/** Draw the page; a change of the language draws it anew from what is known. */
function show(parts) {
  redraw = () => {
    drawing.abort();
    drawing = new AbortController();
    const context = { api, store, ticks, signal: drawing.signal };
    drawHead();
    main.replaceChildren(...parts(context));
  };
  redraw();
}

function drawHead() {
  const languages = Object.keys(TEXTS).map((code) =>
    h("option", { value: code, lang: code, selected: code === currentLanguage() }, TEXTS[code].languageName),
  );
  const change = (event) => {
    setLanguage(event.target.value);
    redraw();
    document.querySelector("#language").focus();
  };
  refill(
    head,
    h("h1", {}, h("img", { src: "/static/icon.svg", alt: "", width: 32, height: 32 }), t("title")),
    h("div", { id: "connection", role: "status", "aria-label": t("connection") }),
    h(
      "nav",
      {},
      h("a", { href: "/docs" }, t("apiDocs")),
      h("label", { class: "unseen", for: "language" }, t("language")),
      h("select", { id: "language", onchange: change }, languages),
      api.token ? h("button", { type: "button", id: "sign-out", onclick: () => signOut() }, t("signOut")) : null,
    ),
  );
  drawConnection();
}

function drawConnection() {
  const place = document.querySelector("#connection");
  if (!place) return;
  if (!store?.system || !stream) {
    refill(place);
    return;
  }
  const { state, problem, seconds } = connection;
  refill(
    place,
    badge("stream", state, t(`stream.${state}`, { seconds })),
    state === "BROKEN" ? h("button", { type: "button", class: "quiet", onclick: () => stream.nudge() }, t("tryAgain")) : null,
    problem ? h("span", { class: "small" }, problem.detail) : null,
  );
}

api.onRefused = (problem) => {
  if (!api.token) return;
  const title = store?.system ? t("tokenEnded") : t("tokenWrong");
  signOut({ ...failure(problem), title, lines: [problem.detail] });
};

// Somebody who comes back to the page does not want to wait out a back-off.
addEventListener("online", () => stream?.nudge());
document.addEventListener("visibilitychange", () => document.hidden || stream?.nudge());
addEventListener("hashchange", () => api.adopt() && enter());
setInterval(() => ticks.dispatchEvent(new Event("tick")), TICK);

api.adopt();
if (api.token) enter();
else signOut();
