// The last signals, each with what decided it; and the list of gaps and corrections that the chart marks.

import { dayAndMinute, decimal, float, percent } from "./format.js";
import { NAMES, VOTES, why } from "./panels.js";

const MOST_SHOWN = 40;
const ACTIONS = { buy: "▲ Buy", sell: "▼ Sell", hold: "Hold" };
const CAUSES = {
  reconnect: "the connection was lost", restart: "the ingestor was restarted", sequence: "numbers are missing", silence: "nothing came",
  dropped: "ticks came too late", dead_letter: "messages were refused", retention: "records were gone before they were read",
};
const STATES = { open: "open", filled: "filled", partial: "partly filled", unfillable: "cannot be filled" };

/** signals: newest first; what is open stays open. */
export function showSignals(list, signals, withHolds) {
  const shown = signals.filter((signal) => withHolds || signal.signal !== 0).slice(0, MOST_SHOWN);
  const key = JSON.stringify(shown.map((signal) => [signal.timestamp, signal.revision]));
  if (list.dataset.shown === key) return;
  list.dataset.shown = key;
  const open = new Set([...list.querySelectorAll("details[open]")].map((details) => details.dataset.at));
  const items = shown.map((signal) => item(entry(signal, open.has(signal.timestamp))));
  list.replaceChildren(...(items.length ? items : [item(text("span", "muted", "No buy or sell in the bars shown."))]));
}

function entry(signal, isOpen) {
  const details = document.createElement("details");
  details.dataset.at = signal.timestamp;
  details.dataset.action = signal.action;
  details.open = isOpen;
  const summary = document.createElement("summary");
  summary.append(text("span", "entry-action", ACTIONS[signal.action]), text("time", "", dayAndMinute(signal.timestamp)), text("span", "muted", float(signal.score, 2)));
  const votes = Object.entries(signal.components).map(([name, vote]) => `${NAMES[name] ?? name} ${VOTES[vote.signal] ?? vote.signal} (${percent(vote.weight)})`);
  const revised = signal.revision ? ` Revised ${signal.revision} times.` : "";
  details.append(summary, text("p", "why", why(signal)), text("p", "muted", `${votes.join(", ")}. Confidence ${percent(signal.confidence)}.${revised}`));
  return details;
}

/** gaps: of this symbol; bars: those whose message was corrected or is not whole. Newest first. */
export function showEvents(list, gaps, bars) {
  const told = [
    ...gaps.map((span) => ({ at: span.from, kind: span.isFilled ? "filled" : "gap", text: gapText(span.gap) })),
    ...bars.map((bar) => ({ at: bar.time, kind: bar.message.kind, text: barText(bar.message) })),
  ];
  const shown = told.sort((one, other) => other.at - one.at).slice(0, MOST_SHOWN);
  const key = JSON.stringify(shown);
  if (list.dataset.shown === key) return;
  list.dataset.shown = key;
  const items = shown.map((event) => {
    const element = item(text("time", "muted", dayAndMinute(new Date(event.at * 1000).toISOString())), text("span", "", event.text));
    element.dataset.kind = event.kind;
    return element;
  });
  list.replaceChildren(...(items.length ? items : [item(text("span", "muted", "None in what is shown."))]));
}

function gapText(gap) {
  const size = gap.size ? `${gap.size} ${gap.gap_channel}${gap.size > 1 ? "s" : ""}` : gap.gap_channel;
  return `Gap, ${STATES[gap.state] ?? gap.state}: ${size}, ${CAUSES[gap.cause] ?? gap.cause} (${gap.source})`;
}

function barText(bar) {
  if (bar.revision) return `Bar corrected, revision ${bar.revision}: closed at ${decimal(bar.close)}`;
  return bar.kind === "synthetic" ? "Nothing was traded: the last close stands" : "Bar not observed whole";
}

function item(...children) {
  const element = document.createElement("li");
  element.append(...children);
  return element;
}

function text(tag, name, content) {
  const element = document.createElement(tag);
  if (name) element.className = name;
  element.textContent = content;
  return element;
}
