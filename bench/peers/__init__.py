"""Peers: the same work, copying records from one topic to another, by other means on the same broker in the same run."""
