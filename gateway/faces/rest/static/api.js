// Calls of the REST API. Nothing is ever repeated by itself.

import { t } from "./i18n.js";

const WITHIN = 30_000; // milliseconds
const TOKEN = "kassenwart.token";

/** What went wrong with a call: the API's problem document, or ours when there was no answer. */
export class Problem extends Error {
  constructor(status, document, retryAfter = "") {
    super(document.detail);
    this.status = status;
    this.detail = document.detail ?? document.title ?? `HTTP ${status}`;
    this.reason = document.reason ?? "";
    this.outcome = document.outcome ?? "not_started";
    this.requestId = document.requestId ?? "";
    this.errors = document.errors ?? [];
    this.metadata = document.metadata ?? {};
    this.retryAfter = retryAfter;
  }

  /** Reads the answer to a call that failed. */
  static async of(response) {
    const text = await response.text().catch(() => "");
    let document;
    try {
      document = JSON.parse(text);
    } catch {
      document = { detail: `${response.status} ${response.statusText} ${text.slice(0, 300)}`.trim() };
    }
    return new Problem(response.status, document, response.headers.get("Retry-After") ?? "");
  }
}

/** Calls with the token of this tab. `onRefused` hears when the token is no longer taken. */
export class Api {
  token = "";
  onRefused = () => {};

  /** Take the token from the address bar (and out of it), or the one of this tab. */
  adopt() {
    const given = new URLSearchParams(location.hash.slice(1)).get("token");
    if (given !== null) history.replaceState(null, "", location.pathname + location.search);
    if (given) this.keep(given.trim());
    this.token = stored();
    return given !== null;
  }

  keep(token) {
    this.token = token;
    try {
      sessionStorage.setItem(TOKEN, token);
    } catch {
      // A browser that keeps nothing: the token lives as long as the page.
    }
  }

  forget() {
    this.token = "";
    try {
      sessionStorage.removeItem(TOKEN);
    } catch {
      // Nothing was kept.
    }
  }

  headers(more = {}) {
    return { Authorization: `Bearer ${this.token}`, ...more };
  }

  get(path) {
    return this.#call("GET", path);
  }

  post(path, body = {}) {
    return this.#call("POST", path, body);
  }

  /** A POST that is answered with bytes. */
  async blob(path, body) {
    return (await this.#send("POST", path, body)).blob();
  }

  async #call(verb, path, body) {
    return (await this.#send(verb, path, body)).json();
  }

  async #send(verb, path, body) {
    const token = this.token;
    const headers = this.headers(body === undefined ? {} : { "Content-Type": "application/json" });
    let response;
    try {
      response = await fetch(path, {
        method: verb,
        headers,
        body: body === undefined ? undefined : JSON.stringify(body),
        signal: AbortSignal.timeout(WITHIN),
        cache: "no-store",
      });
    } catch {
      const outcome = verb === "GET" ? "not_started" : "unknown";
      throw new Problem(0, { detail: t("noAnswer"), reason: "NO_ANSWER", outcome });
    }
    if (response.ok) return response;
    const problem = await Problem.of(response);
    if (response.status === 401 && token === this.token) this.onRefused(problem);
    throw problem;
  }
}

/** A new request id: makes a repeat by the network harmless. (randomUUID is missing on plain HTTP.) */
export function requestId() {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return `page-${[...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("")}`;
}

function stored() {
  try {
    return sessionStorage.getItem(TOKEN) ?? "";
  } catch {
    return "";
  }
}
