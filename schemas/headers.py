"""Names of the Kafka record headers."""

IDENTITY = "id"  # schemas.identity.Identity, on every record that a stage wrote
TRACE = "trace"  # follows a record from the ingestor's frame to the client; logs carry it
SYMBOLS = "symbols"  # comma-separated symbols of a tick envelope, so that a reader can skip it undecoded
TYPE = "type"  # "ticks" or "watermark" in the tick topics; else the event's name
RECEIVED = "received"  # the machine's real clock at receipt of the oldest frame, ns as ASCII; latency is measured from it
CONTIGUOUS = "contiguous"  # on the letter of a trade whose venue numbers trades without holes: sent again, it closes the gap that it left
