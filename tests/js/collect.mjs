// Subscribes with the product's client and prints what it gets, one JSON object a line. Run by tests/integration/test_js_client.py, which puts the client beside it.

import { Client } from "./tickerplant.mjs";

const { url, selections, tokens } = JSON.parse(process.argv[2]);
const print = (what) => console.log(JSON.stringify(what));
let given = 0;

function nextToken() {
  print({ told: "token" });
  return tokens[Math.min(given++, tokens.length - 1)];
}

const client = new Client(url, {
  token: tokens ? nextToken : "",
  onState: (state, why) => print({ told: "state", state, why }),
  onKafka: (kafka) => print({ told: "kafka", kafka }),
});
for (const selection of selections) client.subscribe(selection, print);
