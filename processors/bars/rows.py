"""An envelope's ticks as numbers, all converted before any is folded: a bad one must leave the state as it was."""

from decimal import Decimal, InvalidOperation

from processors.bars.policy import Policies
from runtime.errors import InvalidRecord
from schemas.reasons import Reason
from schemas.ticks import Quote, TickEnvelope, Trade, TradeEnvelope

TradeRow = tuple[Trade, Decimal, Decimal]  # price, size
QuoteRow = tuple[Quote, Decimal, Decimal]  # bid, ask


def trade_rows(envelope: TradeEnvelope | TickEnvelope) -> list[TradeRow]:
    """All trades. Raises InvalidRecord."""
    try:
        return [(tick, Decimal(tick.price), Decimal(tick.size)) for tick in envelope.ticks if type(tick) is Trade]
    except InvalidOperation:
        raise _no_number() from None


def quote_rows(envelope: TickEnvelope, policies: Policies) -> list[QuoteRow]:
    """The quotes of symbols whose bars are built from quotes. Raises InvalidRecord."""
    quotes = [tick for tick in envelope.ticks if type(tick) is Quote and policies[tick.symbol].from_quotes]
    try:
        return [(quote, Decimal(quote.bid), Decimal(quote.ask)) for quote in quotes]
    except InvalidOperation:
        raise _no_number() from None


def _no_number() -> InvalidRecord:
    return InvalidRecord(Reason.NOT_A_NUMBER, "a price or size of a validated tick is no number")
