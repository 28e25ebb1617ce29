"""Everything that has a name on the wire: events, topics, keys, partitions, reason codes. Imports nothing of ours."""
