// The client's tokens on sockets that the test moves: what no real gateway can be made to do at a moment. Prints what was sent, one JSON object a line. Run by
// tests/unit/gateway/test_js_tokens.py, which puts the client beside it.

import { Client } from "./tickerplant.mjs";

const sockets = [];

class Socket extends EventTarget {
  readyState = 0;
  constructor() {
    super();
    this.number = sockets.push(this) - 1;
  }
  open() {
    this.readyState = 1;
    this.dispatchEvent(new Event("open"));
  }
  send(text) {
    console.log(JSON.stringify({ socket: this.number, ...JSON.parse(text) }));
  }
  say(message) {
    this.dispatchEvent(Object.assign(new Event("message"), { data: JSON.stringify(message) }));
  }
  close() {
    this.readyState = 3;
  }
}

const until = async (isSo) => {
  while (!isSo()) await new Promise((resolve) => setTimeout(resolve, 5));
};
const told = (state, why) => console.log(JSON.stringify({ state, why }));
const cases = {
  /** A token that comes while the socket is being opened belongs to that one; none comes to a client that was closed. */
  async early() {
    const client = new Client("ws://x/ws", { socketType: Socket });
    client.useToken("ann");
    for (const socket of sockets) socket.open();
    await new Promise((resolve) => setTimeout(resolve, 0));
    client.close();
    client.useToken("bob");
    console.log(JSON.stringify({ sockets: sockets.length }));
  },
  /** The next token cannot be had at first: the last one still counts. */
  async refused() {
    let asked = 0;
    const token = () => {
      asked += 1;
      if (asked === 2) throw new Error("the issuer is away");
      return `token-${asked}`;
    };
    const client = new Client("ws://x/ws", { token, socketType: Socket, onState: told });
    sockets[0].open();
    await new Promise((resolve) => setTimeout(resolve, 0));
    sockets[0].say({ type: "authenticated", expires_at: "2026-01-01T00:00:10Z" });
    sockets[0].say({ type: "pong", id: "clock", timestamp: "2026-01-01T00:00:10Z" });
    await until(() => asked === 2);
    client.subscribe({ channel: "ticks", symbol: "A-B" }, () => {});
    await until(() => asked === 3);
    client.close();
  },
};
await cases[process.argv[2]]();
