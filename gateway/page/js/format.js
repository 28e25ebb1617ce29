// Text for people. Market numbers come as the venue's own digits in strings and are only cut and grouped here.

/** "61652.01000000" -> "61,652.01": thousands grouped, trailing zeros beyond two decimals cut. */
export function decimal(text) {
  if (text === null || text === undefined || text === "") return "—";
  const [whole, fraction = ""] = String(text).replace("-", "").split(".");
  let decimals = fraction.replace(/0+$/, "");
  if (decimals.length < 2 && fraction.length >= 2) decimals = decimals.padEnd(2, "0");
  const sign = String(text).startsWith("-") ? "−" : "";
  return sign + whole.replace(/\B(?=(\d{3})+$)/g, ",") + (decimals ? `.${decimals}` : "");
}

/** A float with a real minus sign. */
export function float(value, decimals = 2) {
  if (value === null || value === undefined || !Number.isFinite(value)) return "—";
  return value.toFixed(decimals).replace("-", "−");
}

/** +1.23 % with a sign for both directions. */
export function signedPercent(ratio) {
  if (!Number.isFinite(ratio)) return "—";
  const text = Math.abs(ratio * 100).toFixed(2);
  return `${ratio < 0 ? "−" : "+"}${text} %`;
}

export const percent = (ratio) => (Number.isFinite(ratio) ? `${Math.round(ratio * 100)} %` : "—");

/** "2024-08-09T00:01:02.345Z" -> "00:01:02" */
export const clock = (iso) => (iso ? iso.slice(11, 19) : "—");

/** "2024-08-09T00:01:02Z" -> "9 Aug 00:01" */
export function dayAndMinute(iso) {
  if (!iso) return "—";
  const months = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
  return `${Number(iso.slice(8, 10))} ${months[Number(iso.slice(5, 7)) - 1]} ${iso.slice(11, 16)}`;
}

/** Decimals that a chart's price axis needs for these prices. */
export function decimalsOf(texts) {
  const most = Math.max(2, ...texts.map((text) => (String(text).split(".")[1] ?? "").replace(/0+$/, "").length));
  return Math.min(most, 8);
}

const REASONS = {
  crossed_quote: "The bid is not below the ask.",
  out_of_order: "The event time is before an earlier tick's.",
  sequence_gap: "It follows a hole in the venue's numbering.",
  gap_filled: "It was fetched later, to fill a hole.",
  late: "It came more than a minute after its event time.",
  partial_interval: "The bar's interval was not observed whole.",
};

/** A reason code as a sentence. */
export const reason = (code) => REASONS[code] ?? `${code.replaceAll("_", " ")}.`;
