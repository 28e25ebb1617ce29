// The gateway's client: subscribes, follows each series' chain (prev -> seq), reconnects with back-off, and subscribes again after a hole.
// Where the gateway wants a token it asks for one and waits; the token stays in this object alone.

const FIRST_WAIT_MS = 500;
const LONGEST_WAIT_MS = 8000;
const PING_EVERY_MS = 10000;
const SILENCE_MS = 25000; // two pings unanswered: the connection is dead though it looks open
const UNAUTHENTICATED = 4401; // close code: coming back without another token is of no use
const TOKEN_ID = "token"; // of the authenticate action, so that its refusal is known

export class Connection {
  /** on: { open(), closed(), message(m), hole(m), status(m), tokenWanted(why) } */
  constructor(url, on) {
    this.url = url;
    this.on = on;
    this.subscriptions = new Map(); // JSON of a subscribe action -> the action
    this.newest = new Map(); // series -> seq of its newest message
    this.resuming = new Map(); // series -> seq from which it was asked for again
    this.epochs = new Map(); // channel -> what its seqs belong to
    this.token = "";
    this.isTokenWanted = false;
    this.waitMs = FIRST_WAIT_MS;
    this.heardMs = 0;
    setInterval(() => this.keepAlive(), PING_EVERY_MS);
    window.addEventListener("online", () => this.reconnectNow());
  }

  connect() {
    this.timer = undefined;
    const socket = new WebSocket(this.url);
    this.socket = socket;
    socket.addEventListener("open", () => {
      this.heardMs = performance.now();
      this.newest.clear();
      this.resuming.clear();
      if (this.token) this.authenticate();
      else this.start();
    });
    socket.addEventListener("message", (event) => {
      this.heardMs = performance.now();
      this.take(JSON.parse(event.data));
    });
    socket.addEventListener("close", (event) => {
      if (this.socket === socket) this.lost(event);
    });
  }

  start() {
    this.on.open();
    for (const action of this.subscriptions.values()) this.send(action);
  }

  authenticate() {
    this.send({ action: "authenticate", token: this.token, id: TOKEN_ID });
  }

  useToken(token) {
    this.token = token;
    this.isTokenWanted = false;
    if (this.socket?.readyState === WebSocket.OPEN) this.authenticate();
    else this.connect();
  }

  wantToken(why) {
    this.token = "";
    this.isTokenWanted = true;
    this.on.tokenWanted(why);
  }

  lost(event) {
    this.on.closed();
    if (event.code === UNAUTHENTICATED && !this.isTokenWanted) this.wantToken(`The gateway says: ${event.reason}`);
    if (this.isTokenWanted) return;
    const jitter = 0.5 + Math.random() / 2; // many pages must not come back at the same moment
    this.timer = setTimeout(() => this.connect(), this.waitMs * jitter);
    this.waitMs = Math.min(this.waitMs * 2, LONGEST_WAIT_MS);
  }

  reconnectNow() {
    if (this.timer === undefined) return;
    clearTimeout(this.timer);
    this.connect();
  }

  keepAlive() {
    if (this.socket?.readyState !== WebSocket.OPEN) return;
    if (performance.now() - this.heardMs > SILENCE_MS) this.socket.close();
    else this.send({ action: "ping" });
  }

  send(action) {
    if (this.socket?.readyState === WebSocket.OPEN && !this.isTokenWanted) this.socket.send(JSON.stringify(action));
  }

  subscribe(action) {
    const full = { action: "subscribe", numbers: "string", ...action };
    this.subscriptions.set(JSON.stringify(action), full);
    this.send(full);
  }

  unsubscribeAll() {
    for (const action of this.subscriptions.values()) {
      const { snapshot, ...same } = action;
      this.send({ ...same, action: "unsubscribe" });
    }
    this.subscriptions.clear();
    this.newest.clear();
    this.resuming.clear();
  }

  take(message) {
    if (message.type === "status") return this.on.status(message);
    if (message.type === "error") return this.refused(message);
    this.waitMs = FIRST_WAIT_MS; // it serves us: the next failure starts from the shortest wait
    if (message.type === "authenticated") return this.start();
    if (message.type === "subscribed") return this.rejoined(seriesOf(message));
    if (message.type === "snapshot" || message.type === "resumed") {
      this.newest.set(seriesOf(message), message.seq);
      this.epochs.set(message.channel, message.epoch);
    }
    if (message.type === undefined || message.type === "skipped") return this.follow(message);
    return this.on.message(message);
  }

  refused(message) {
    if (message.code === "not_authenticated") this.wantToken("This gateway wants a token.");
    else if (message.id === TOKEN_ID && message.code === "no_keys") this.start(); // everybody is let in here
    else if (message.id === TOKEN_ID) this.wantToken(`The gateway says: ${message.message}`);
    else this.on.message(message);
  }

  follow(message) {
    const series = seriesOf(message);
    if (!this.newest.has(series)) return; // of a subscription that has just ended, or whose snapshot is still to come
    if (this.newest.get(series) !== message.prev) {
      this.on.hole(message);
      this.rejoin(message, false);
    } else if (message.type === "skipped" && message.reason === "behind") {
      this.rejoin(message, message.channel !== "ticks"); // of ticks the snapshot's last trade and quote are all that is shown
    } else {
      this.newest.set(series, message.seq); // a notice that is `conflated`: the newer message follows
      if (message.type === undefined) this.on.message(message);
    }
  }

  /** Subscribes again: from a snapshot, or, if it resumes, with what was left out after the message's prev. */
  rejoin(message, resumes) {
    this.newest.delete(seriesOf(message));
    const resume = resumes && message.prev !== null ? { epoch: this.epochs.get(message.channel), seq: message.prev } : undefined;
    if (resume) this.resuming.set(seriesOf(message), message.prev);
    for (const action of this.subscriptions.values()) if (action.channel === message.channel) this.send({ ...action, resume });
  }

  /** From here on comes what was missed: no message of the subscription before is still on its way. */
  rejoined(series) {
    if (this.resuming.has(series)) this.newest.set(series, this.resuming.get(series));
    this.resuming.delete(series);
  }
}

// The page follows the primary source only, so a series needs no source in its name.
const seriesOf = (message) => `${message.channel}|${message.symbol}|${message.timeframe ?? ""}`;
