"""Plumbing shared by all processes: settings, clock, Kafka clients, guard, dead letters, metrics, health, logs. Knows no market."""
