"""Reads market.dlq for people: what was refused, why, and its original bytes."""
