"""The message of an alert: a template with a fixed set of fields, checked when the rule is made."""

from datetime import UTC, datetime
from string import Formatter

from schemas.alerts import Alert
from schemas.timeframes import SECOND_NS

FIELDS = ("rule", "kind", "severity", "state", "reason", "symbol", "source", "timeframe", "subject", "measured", "threshold", "time")
MAX_TEMPLATE_CHARACTERS = 500
DEFAULTS = {
    "gap_open": "{symbol} at {source}: gap {subject} of {measured}, {state} ({rule})",
    "primary_changed": "{source} is the primary source of {symbol} {timeframe} in the place of {subject}, {measured} ({rule})",
    "source_down": "{symbol} at {source}: no bar for {measured} s, {state} ({rule})",
}
_DEFAULT = "{symbol} {timeframe} at {source}: {subject} is {measured}, threshold {threshold}, {state} ({rule})"


def template_fault(template: str) -> str:
    """What is wrong with a template, as a sentence; empty if nothing is."""
    if len(template) > MAX_TEMPLATE_CHARACTERS:
        return f"message is longer than {MAX_TEMPLATE_CHARACTERS} characters"
    try:
        parts = list(Formatter().parse(template))
    except ValueError as error:
        return f"message: {error}; write {{{{ and }}}} for braces that are text"
    for _, name, form, conversion in parts:
        if name is not None and (name not in FIELDS or form or conversion):
            return f"message: {{{name}}} is no field; there are: {', '.join(f'{{{field}}}' for field in FIELDS)}"
    return ""


def message_of(template: str, alert: Alert) -> str:
    """The text of one alert. Raises KeyError or ValueError for a template with a fault."""
    values = {
        "rule": alert.rule_id,
        "kind": alert.kind,
        "severity": alert.severity,
        "state": alert.state,
        "reason": alert.reason,
        "symbol": alert.symbol,
        "source": alert.source,
        "timeframe": alert.timeframe,
        "subject": alert.subject,
        "measured": alert.measured,
        "threshold": alert.threshold,
        "time": _time(alert.ts_event_ns),
    }
    if template:
        return template.format_map(values)
    return " ".join(DEFAULTS.get(alert.kind, _DEFAULT).format_map(values).split())  # not every place has a timeframe


def _time(ts_ns: int) -> str:
    """`2024-08-08T23:58:00Z`; the number where no calendar has the time."""
    try:
        return datetime.fromtimestamp(ts_ns // SECOND_NS, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    except (OverflowError, ValueError, OSError):
        return str(ts_ns)
