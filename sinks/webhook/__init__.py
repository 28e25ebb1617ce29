"""Alerts by HTTP: each one posted to every configured URL, signed, until it is taken or refused."""
