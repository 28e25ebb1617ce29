// A client of the gateway, in one module without dependencies: for pages, and for Node 22 (or any other WebSocket class). docs/guides/clients.md describes it.
//
//   const client = new Client("ws://127.0.0.1:8001/ws");
//   client.subscribe({ channel: "ohlcv", symbol: "BTC-USDT", timeframe: "1m" }, (message) => console.log(message));

const FIRST_WAIT_MS = 500;
const LONGEST_WAIT_MS = 8000;
const PING_EVERY_MS = 10_000;
const SILENCE_MS = 25_000; // two pings unanswered: the connection is dead though it looks open
const BAD_CLIENT = 1008; // close codes
const UNAUTHENTICATED = 4401;
const REFRESH_AT = 0.7; // of the time that a token has left
const TOKEN_ID = "token"; // of the authenticate action
const CLOCK_ID = "clock"; // of the ping that asks for the gateway's time
const ASK_AGAIN_MS = 1000; // for the next token, while the last one still counts
const ONLY_LATEST = new Set(["orderbook", "ohlcv_forming", "market-summary"]);
const PASSING = new Set(["keys_unavailable", "too_many_connections"]); // refusals that pass
const CONNECTING = 0; // a WebSocket's readyState
const OPEN = 1;

/** One subscription and where each of its series stands, from connection to connection. */
class Following {
  constructor(id, selection, on, resumes) {
    Object.assign(this, { id, selection, on, isAccepted: false, isJoined: false, epoch: "", positions: new Map() });
    this.resumes = resumes && !ONLY_LATEST.has(selection.channel) && !selection.max_per_s;
  }

  /** Subscribes: from a snapshot, or behind the last message of each series. What was subscribed before is followed no more. */
  action() {
    this.isJoined = false;
    const action = { action: "subscribe", numbers: "string", ...this.selection, id: this.id };
    const series = [...this.positions.values()].filter(({ seq }) => seq !== null);
    if (this.resumes && series.length && this.epoch) action.resume = { epoch: this.epoch, series };
    return action;
  }

  ending() {
    const { snapshot, ...same } = this.selection;
    return { numbers: "string", ...same, action: "unsubscribe" };
  }

  /** The answer to the newest action: from here on no message of the subscription before is on its way. */
  accepted(answer) {
    this.isAccepted = this.isJoined = true;
    const set = (names) => (names === null || names === undefined ? null : new Set([names].flat()));
    this.wanted = { symbols: set(answer.symbol), sources: set(answer.source), timeframes: set(answer.timeframe) };
  }

  takes(message) {
    if (!this.wanted || message.channel !== this.selection.channel) return false;
    const isIn = (names, name) => names === null || names.has("*") || names.has(name);
    const { symbols, sources, timeframes } = this.wanted;
    return isIn(symbols, message.symbol) && isIn(sources, message.source) && isIn(timeframes, message.timeframe);
  }

  place(message) {
    const source = this.wanted.sources ? message.source : null;
    const timeframe = this.wanted.timeframes ? message.timeframe : null;
    const key = JSON.stringify([message.symbol, source, timeframe]);
    const named = { symbol: message.symbol, ...(source && { source }), ...(timeframe && { timeframe }) };
    return { key, named };
  }

  seq(message) {
    return this.positions.get(this.place(message).key)?.seq ?? null;
  }

  knows(message) {
    return this.positions.has(this.place(message).key);
  }

  move(message) {
    const { key, named } = this.place(message);
    this.positions.set(key, { ...named, seq: message.seq });
    this.epoch = message.epoch ?? this.epoch;
  }
}

export class Client {
  /**
   * token: a JWT, or a function (also async) that returns the next one; called for every connection, and before a token ends.
   * onState(state, why): `connecting`, `open`, `reconnecting`, `locked` (a token is wanted: useToken), `closed` (why: the gateway will not have us).
   * onKafka(kafka): `up`, or `down`: nothing new can come. onHole(message): a chain broke; the client mends it. socketType: where there is no WebSocket.
   */
  constructor(url, { token = "", onState = () => {}, onKafka = () => {}, onHole = () => {}, socketType = globalThis.WebSocket } = {}) {
    Object.assign(this, { url, token, onState, onKafka, onHole, socketType, followings: new Map(), requests: new Map(), number: 0 });
    Object.assign(this, { waitMs: FIRST_WAIT_MS, heardMs: 0, isStarted: false, isLocked: false, isClosed: false, wasOpen: false });
    this.beating = setInterval(() => this.keepAlive(), PING_EVERY_MS);
    globalThis.addEventListener?.("online", () => this.reconnectNow());
    this.connect();
  }

  /**
   * on(message): updates (without `type`), `snapshot`s, `resumed` and `skipped` notices, an `error`, as docs/reference/websocket.md has them; numbers of the
   * market are strings. A snapshot with `recovered: false` comes after a hole that could not be filled. resumes: false where the newest is enough.
   * Two subscriptions of one client must not share a series. Returns a function that ends it.
   */
  subscribe(selection, on, { resumes = true } = {}) {
    const following = new Following(`s${this.number++}`, selection, on, resumes);
    this.followings.set(following.id, following);
    if (this.isStarted) this.send(following.action());
    return () => {
      if (this.followings.delete(following.id) && this.isStarted) this.send(following.ending());
    };
  }

  /** What the gateway has seen, as in `type: list`; asked for again by every call. Nothing where there is no connection. */
  list(on) {
    const id = `r${this.number++}`;
    if (!this.isStarted) return;
    this.requests.clear(); // an older one that is unanswered stays so
    this.requests.set(id, on);
    this.send({ action: "list", id });
  }

  useToken(token) {
    this.token = token;
    this.isLocked = false;
    if (this.socket?.readyState === OPEN) this.authenticate();
    else if (this.timer === undefined && !this.isClosed && this.socket?.readyState !== CONNECTING) this.connect();
  }

  close() {
    this.isClosed = true;
    clearInterval(this.beating);
    clearTimeout(this.timer);
    clearTimeout(this.refreshing);
    this.socket?.close();
  }

  connect() {
    this.timer = undefined;
    this.onState(this.wasOpen ? "reconnecting" : "connecting", "");
    const socket = new this.socketType(this.url);
    this.socket = socket;
    this.isStarted = false;
    socket.addEventListener("open", () => {
      if (this.socket !== socket) return;
      this.heardMs = performance.now();
      if (this.token) this.authenticate();
      else this.start();
    });
    socket.addEventListener("message", (event) => {
      if (this.socket !== socket) return;
      this.heardMs = performance.now();
      this.take(JSON.parse(event.data));
    });
    let isOver = false;
    const over = (event) => {
      if (!isOver && this.socket === socket) this.lost(event);
      isOver = true;
    };
    socket.addEventListener("error", () => over({ code: 1006, reason: "" })); // not everywhere does `close` follow
    socket.addEventListener("close", over);
  }

  start() {
    if (this.isStarted) return;
    this.isStarted = this.wasOpen = true;
    for (const following of this.followings.values()) this.send(following.action());
    this.onState("open", "");
  }

  async authenticate() {
    const socket = this.socket;
    try {
      const token = typeof this.token === "function" ? await this.token() : this.token;
      if (this.socket === socket) this.send({ action: "authenticate", token, id: TOKEN_ID });
    } catch (error) {
      if (this.socket !== socket) return;
      if (this.isStarted) this.refreshing = setTimeout(() => this.authenticate(), ASK_AGAIN_MS);
      else this.lock(`no token: ${error.message}`);
    }
  }

  lock(why) {
    this.isLocked = true;
    this.isStarted = false;
    if (typeof this.token !== "function") this.token = "";
    this.onState("locked", why);
  }

  lost(event) {
    this.isStarted = false;
    clearTimeout(this.refreshing);
    if (this.isClosed) return;
    if (event.code === BAD_CLIENT) return this.end(event.reason);
    const ownsTokens = typeof this.token === "function";
    if (event.code === UNAUTHENTICATED && !ownsTokens && !this.isLocked) this.lock(`The gateway says: ${event.reason}`);
    if (this.isLocked) return;
    this.onState(this.wasOpen ? "reconnecting" : "connecting", "");
    const jitter = 0.5 + Math.random() / 2; // many clients must not come back at the same moment
    this.timer = setTimeout(() => this.connect(), this.comeBackMs ?? this.waitMs * jitter);
    if (this.comeBackMs === undefined) this.waitMs = Math.min(this.waitMs * 2, LONGEST_WAIT_MS);
    this.comeBackMs = undefined;
  }

  end(why) {
    this.close();
    this.onState("closed", why);
  }

  reconnectNow() {
    if (this.timer === undefined || this.isClosed) return;
    clearTimeout(this.timer);
    this.connect();
  }

  keepAlive() {
    if (this.socket?.readyState !== OPEN) return;
    if (performance.now() - this.heardMs > SILENCE_MS) this.socket.close();
    else this.send({ action: "ping" });
  }

  send(action) {
    if (this.socket?.readyState === OPEN) this.socket.send(JSON.stringify(action));
  }

  take(message) {
    if (message.type === undefined || message.type === "skipped") return this.follow(message);
    if (message.type === "snapshot" || message.type === "resumed") return this.begin(message);
    if (message.type === "status") return this.onKafka(message.kafka);
    if (message.type === "subscribed") return this.followings.get(message.id)?.accepted(message);
    if (message.type === "authenticated") return this.authenticated(message);
    if (message.type === "pong" && message.id === CLOCK_ID) return this.refreshBefore(message);
    if (message.type === "reconnect") this.comeBackMs = message.after_s * 1000;
    else if (message.type === "list") this.requests.get(message.id)?.(message);
    else if (message.type === "error") this.refused(message);
    return undefined;
  }

  authenticated(message) {
    this.isLocked = false;
    this.expiresMs = message.expires_at ? Date.parse(message.expires_at) : undefined;
    if (this.expiresMs && typeof this.token === "function") this.send({ action: "ping", id: CLOCK_ID });
    this.start();
  }

  /** By the gateway's clock, ours may be wrong. */
  refreshBefore(pong) {
    const leftMs = this.expiresMs - Date.parse(pong.timestamp);
    clearTimeout(this.refreshing);
    this.refreshing = setTimeout(() => this.authenticate(), Math.min(leftMs * REFRESH_AT, 2 ** 31 - 1));
  }

  refused(message) {
    const following = this.followings.get(message.id);
    if (PASSING.has(message.code) || (message.code === "tier_limit" && following?.isAccepted)) return this.socket.close(); // and come back
    if (message.code === "not_authenticated") return this.isLocked || this.lock("This gateway wants a token.");
    if (message.id === TOKEN_ID && message.code === "no_keys") return this.start(); // everybody is let in here
    if (message.id === TOKEN_ID) return this.lock(`The gateway says: ${message.message}`);
    if (following) this.followings.delete(message.id);
    return following?.on(message);
  }

  following(message) {
    for (const following of this.followings.values()) if (following.takes(message)) return following.isJoined ? following : undefined;
    return undefined;
  }

  begin(message) {
    const following = this.following(message);
    if (!following) return;
    const isUntold = following.knows(message) && message.recovered === undefined; // it had no position to go on from
    following.move(message);
    this.waitMs = FIRST_WAIT_MS; // it serves us: the next failure starts from the shortest wait
    if (following.resumes && isUntold) following.on({ ...message, recovered: false, reason: "unknown" });
    else following.on(message);
  }

  follow(message) {
    const following = this.following(message);
    if (!following) return;
    const isBehind = message.type === "skipped" && message.reason === "behind";
    if (following.seq(message) !== message.prev) this.onHole(message);
    else if (!isBehind) {
      following.move(message);
      following.on(message);
      return;
    }
    this.send(following.action());
  }
}
