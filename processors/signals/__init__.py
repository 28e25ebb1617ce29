"""Stage 4: market.indicators to market.signals. A pure function of one indicator record: votes, their composite, how sure it is and why."""
