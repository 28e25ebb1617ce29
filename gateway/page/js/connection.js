// The gateway's client: subscribes, follows each series' chain (prev -> seq), reconnects with back-off, and subscribes again after a hole.

const FIRST_WAIT_MS = 500;
const LONGEST_WAIT_MS = 8000;
const PING_EVERY_MS = 10000;
const SILENCE_MS = 25000; // two pings unanswered: the connection is dead though it looks open

export class Connection {
  /** on: { open(), closed(), message(m), hole(m), status(m) } */
  constructor(url, on) {
    this.url = url;
    this.on = on;
    this.subscriptions = new Map(); // JSON of a subscribe action -> the action
    this.newest = new Map(); // series -> seq of its newest message
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
      this.on.open();
      for (const action of this.subscriptions.values()) this.send(action);
    });
    socket.addEventListener("message", (event) => {
      this.heardMs = performance.now();
      this.waitMs = FIRST_WAIT_MS; // data came: the next failure starts from the shortest wait
      this.take(JSON.parse(event.data));
    });
    socket.addEventListener("close", () => {
      if (this.socket === socket) this.lost();
    });
  }

  lost() {
    this.on.closed();
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
    if (this.socket?.readyState === WebSocket.OPEN) this.socket.send(JSON.stringify(action));
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
  }

  take(message) {
    if (message.type === "status") this.on.status(message);
    else if (message.type === "snapshot") {
      this.newest.set(seriesOf(message), message.seq);
      this.on.message(message);
    } else if (message.type === undefined) this.follow(message);
    else this.on.message(message);
  }

  follow(message) {
    const series = seriesOf(message);
    if (!this.newest.has(series)) return; // of a subscription that has just ended, or whose snapshot is still to come
    if (this.newest.get(series) !== message.prev) {
      this.on.hole(message);
      this.newest.delete(series);
      for (const action of this.subscriptions.values()) if (action.channel === message.channel) this.send(action);
      return;
    }
    this.newest.set(series, message.seq);
    this.on.message(message);
  }
}

// The page follows the primary source only, so a series needs no source in its name.
const seriesOf = (message) => `${message.channel}|${message.symbol}|${message.timeframe ?? ""}`;
