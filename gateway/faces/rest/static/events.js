// The event stream, read with fetch: EventSource cannot send a token.

import { Problem } from "./api.js";

const SILENCE = 40_000; // milliseconds; the server speaks every 15 s, so a longer silence is a dead connection
const FIRST_DELAY = 1_000;
const LONGEST_DELAY = 30_000;

/** Turns text into server-sent events, whatever pieces it comes in (WHATWG HTML, 9.2.6). */
export class SseParser {
  #rest = "";
  #id = "";
  #event = "";
  #data = [];

  /** The events that are complete with this text. */
  feed(text) {
    const lines = (this.#rest + text).split(/\r\n|\n|\r(?!$)/);
    this.#rest = lines.pop();
    return lines.map((line) => this.#line(line)).filter(Boolean);
  }

  #line(line) {
    if (line === "") {
      const event = this.#data.length ? { id: this.#id, event: this.#event, data: this.#data.join("\n") } : null;
      this.#event = "";
      this.#data = [];
      return event;
    }
    const colon = line.indexOf(":");
    const field = colon < 0 ? line : line.slice(0, colon);
    const value = colon < 0 ? "" : line.slice(colon + 1).replace(/^ /, "");
    if (field === "data") this.#data.push(value);
    else if (field === "event") this.#event = value;
    else if (field === "id") this.#id = value;
    return null;
  }
}

/**
 * Follows /v1/events for ever, and resumes behind the last event after a break.
 *
 * `onEvent(event)` for each event; `onState({state, problem, seconds})` with state CONNECTING, LIVE, BROKEN (tries again
 * by itself) or REFUSED (does not); `before()` runs ahead of each new attempt after a break and returns false to end;
 * `enough(oldest)` tells whether it will do to begin with that event, because those before are no longer kept;
 * when it will not, the stream ends.
 */
export class EventStream {
  lastId = "0";
  #api;
  #hooks;
  #ending = new AbortController();
  #hurry = () => {};

  constructor(api, hooks) {
    this.#api = api;
    this.#hooks = hooks;
  }

  /** Try again at once, where a break is being waited out. */
  nudge() {
    this.#hurry();
  }

  stop() {
    this.#ending.abort();
    this.#hurry();
  }

  async run() {
    let delay = FIRST_DELAY;
    for (let first = true; !this.#ending.signal.aborted; first = false) {
      this.#hooks.onState({ state: "CONNECTING" });
      let problem = null;
      try {
        if (!first && !(await this.#hooks.before())) return;
        await this.#follow(() => {
          delay = FIRST_DELAY;
          this.#hooks.onState({ state: "LIVE" });
        });
      } catch (error) {
        problem = error instanceof Problem ? error : null;
        if (!problem && !(error instanceof TypeError) && error.name !== "AbortError") console.error(error);
      }
      if (this.#ending.signal.aborted) return;
      if (problem?.status === 401 || problem?.status === 403) {
        this.#hooks.onState({ state: "REFUSED", problem });
        return;
      }
      const wait = delay * (0.5 + Math.random() / 2); // jitter: after a power cut all tills come back at once
      if (problem?.reason === "EVENTS_GONE") {
        if (!this.#hooks.enough(Number(problem.metadata.oldest))) return;
        this.lastId = String(problem.metadata.oldest - 1);
        continue;
      }
      this.#hooks.onState({ state: "BROKEN", problem, seconds: Math.ceil(wait / 1000) });
      await this.#pause(wait);
      delay = Math.min(delay * 2, LONGEST_DELAY);
    }
  }

  async #follow(onOpen) {
    const silence = new AbortController();
    let timer = setTimeout(() => silence.abort(), SILENCE);
    const end = () => silence.abort();
    this.#ending.signal.addEventListener("abort", end);
    try {
      const response = await fetch("/v1/events", {
        headers: this.#api.headers({ Accept: "text/event-stream", "Last-Event-ID": this.lastId }),
        signal: silence.signal,
        cache: "no-store",
      });
      if (!response.ok) {
        const problem = await Problem.of(response);
        if (response.status === 401) this.#api.onRefused(problem);
        throw problem;
      }
      onOpen();
      const parser = new SseParser();
      const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
      for (;;) {
        const { done, value } = await reader.read();
        if (done) return;
        clearTimeout(timer);
        timer = setTimeout(() => silence.abort(), SILENCE);
        for (const event of parser.feed(value)) this.#take(event);
      }
    } finally {
      clearTimeout(timer);
      this.#ending.signal.removeEventListener("abort", end);
    }
  }

  #take(event) {
    const document = JSON.parse(event.data);
    if (event.event === "error") throw new Problem(document.status, document);
    this.#hooks.onEvent(document);
    this.lastId = document.id;
  }

  #pause(milliseconds) {
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, milliseconds);
      this.#hurry = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }
}
