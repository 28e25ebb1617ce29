"""What `tickerplant alerts` does: the ledger of rules on market.control, and rules tried on what is in the log."""
