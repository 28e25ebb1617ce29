"""Kafka in, WebSocket frames out. Keeps no truth: what it holds is a bounded memory of the topics' ends, rebuilt at every start."""
