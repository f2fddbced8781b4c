// What the page knows: the system, the devices and the lists that are shown. Events keep it true; nothing is polled.

const HISTORY = 30; // events from before the page was opened, for the log
const LOG = 200;
const PAGE = 10;
const SETTLE = 300; // milliseconds; several events at once cause one reading

/**
 * Tells listeners what changed: `system`, `devices` (one came or went), `device` (its id), `list` (its key), `event`,
 * `note` (device id).
 */
export class Store extends EventTarget {
  system = null;
  readAt = 0;
  devices = new Map();
  lists = new Map();
  log = [];
  notes = new Map();
  #api;
  #known = 0; // number of the last event that what was read reflects
  #applied = 0; // events taken so far, and which of them told last of each resource
  #told = new Map();
  #timers = new Map();

  constructor(api) {
    super();
    this.#api = api;
  }

  /** Read everything anew; returns the id of the event to begin the stream behind. */
  async begin() {
    await this.readSystem();
    this.#known = Number(this.system.storage.lastEvent);
    this.devices.clear();
    this.lists.clear();
    this.log.length = 0;
    let token = "";
    do {
      const query = token ? `?pageToken=${encodeURIComponent(token)}` : "";
      const page = await this.#api.get(`/v1/devices${query}`);
      for (const device of page.devices) this.devices.set(device.id, device);
      token = page.nextPageToken;
    } while (token);
    return String(Math.max(0, this.#known - HISTORY));
  }

  async readSystem() {
    this.system = await this.#api.get("/v1/system");
    this.readAt = Date.now();
    this.#tell("system");
  }

  /**
   * After a break: true when the stream may be resumed behind `lastId`, false when everything must be read anew,
   * because the installation is another one or its journal was put back.
   */
  async sameAs(lastId) {
    const before = this.system.instance;
    await this.readSystem();
    return this.system.instance === before && Number(this.system.storage.lastEvent) >= Number(lastId);
  }

  /** True when the events from number `oldest` on are all that is needed: what was read reflects the ones before. */
  reaches(oldest) {
    return oldest - 1 <= this.#known;
  }

  /** Take one event of the stream. */
  apply(event) {
    this.log.unshift(event);
    this.log.length = Math.min(this.log.length, LOG);
    const live = Number(event.id) > this.#known;
    this.#tell("event", { event, live });
    if (!live) return;
    this.#told.set(event.subject, ++this.#applied);
    if (this.#told.size > LOG) this.#told.delete(this.#told.keys().next().value);
    const { "@type": type = "", ...record } = event.data ?? {};
    if (type.endsWith("/kassenwart.v1.Device")) this.#device(event, record);
    else if (type.endsWith("/kassenwart.v1.Call")) this.#call(event, record);
    else if (event.subject) this.#record(event.subject.slice(0, event.subject.lastIndexOf("/")), event.subject, record);
  }

  /** The list of a key, made when it is asked for first: `field` is its name in the answer, `query` its filter. */
  list(key, path, field, query = {}) {
    if (!this.lists.has(key)) this.lists.set(key, { key, path, field, query, records: new Map(), next: "", ready: false });
    return this.lists.get(key);
  }

  /** Read the first page of a list, or the next one. */
  async read(list, { more = false } = {}) {
    const query = new URLSearchParams({ pageSize: PAGE, ...list.query });
    if (more) query.set("pageToken", list.next);
    const begun = this.#applied;
    const page = await this.#api.get(`${list.path}?${query}`);
    const before = list.records;
    if (!more) list.records = new Map([...before].filter(([name]) => this.#newer(name, begun)));
    for (const record of page[list.field]) {
      if (!this.#newer(record.name, begun)) list.records.set(record.name, record);
    }
    list.next = page.nextPageToken;
    list.ready = true;
    this.#tell("list", list.key);
  }

  /** Show what a call of the page answers, unless an event has told more meanwhile; returns the answer. */
  async show(call) {
    const begun = this.#applied;
    const record = await call;
    if (!this.#newer(record.name, begun)) {
      this.#record(record.name.slice(0, record.name.lastIndexOf("/")), record.name, record);
    }
    return record;
  }

  /** Show a device as an answer has told it. */
  putDevice(device) {
    this.devices.set(device.id, device);
    this.#tell("device", device.id);
  }

  /** A message for the user, shown with a device; null takes it away. */
  note(device, note) {
    if (note) this.notes.set(device, note);
    else this.notes.delete(device);
    this.#tell("note", device);
  }

  /** Do something once, after the events have settled. */
  settled(key, work) {
    clearTimeout(this.#timers.get(key));
    this.#timers.set(key, setTimeout(() => Promise.resolve(work()).catch(() => {}), SETTLE));
  }

  stop() {
    for (const timer of this.#timers.values()) clearTimeout(timer);
  }

  #device(event, device) {
    const gone = event.type.endsWith(".deleted");
    const known = this.devices.has(device.id);
    if (gone) this.devices.delete(device.id);
    else this.devices.set(device.id, device);
    this.#tell(gone || !known ? "devices" : "device", device.id);
    this.settled("system", () => this.readSystem());
  }

  /** Events read from disk hold no number: what is known of a call already is kept, what is not is read. */
  #call(event, call) {
    const list = this.lists.get(`calls:${event.device}`);
    if (!list?.ready) return;
    const known = list.records.get(call.name);
    if (!known && !call.rawNumber && !call.reason) {
      this.settled(list.key, () => this.read(list));
      return;
    }
    const told = Object.entries(call).filter(([, value]) => value !== "");
    this.#record(list.key, call.name, { ...known, ...Object.fromEntries(told) });
  }

  #record(key, name, record) {
    const list = this.lists.get(key);
    if (!list?.ready) return;
    const newest = list.records.has(name) ? [] : [[name, record]];
    if (newest.length) list.records = new Map([...newest, ...list.records]);
    else list.records.set(name, record);
    this.#tell("list", key);
  }

  /** True when an event has told of this resource after the `begun`-th: an answer from then may be older. */
  #newer(name, begun) {
    return (this.#told.get(name) ?? 0) > begun;
  }

  #tell(what, detail) {
    this.dispatchEvent(new CustomEvent(what, { detail }));
  }
}
