"""The metric catalogue: every metric that any process exposes, in one file. Nothing else may create one; dashboards and alerts use only these.

Durations are in seconds, in Prometheus' convention. Labels are bounded: stage, topic, source, reason, sink, channel; symbol only where configured symbols bound it.
"""

from prometheus_client import Counter, Gauge, Histogram

FAST = (0.0005, 0.001, 0.002, 0.003, 0.005, 0.0075, 0.01, 0.015, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10)

# ingest
FRAMES = Counter("tickerplant_frames_total", "Frames received from a provider", ["source", "stream"])
FRAME_BYTES = Counter("tickerplant_frame_bytes_total", "Bytes of frames received", ["source"])
CONNECTIONS = Counter("tickerplant_connections_total", "Connections made to a provider", ["source"])
CONNECTED = Gauge("tickerplant_connected", "1 while a provider's connection lives", ["source"])
SOURCE_ENABLED = Gauge(
    "tickerplant_source_enabled", "1 unless operators have disabled the source, or none of its symbols falls to this process", ["source"]
)
CAPTURED_FRAMES = Counter("tickerplant_captured_frames_total", "Raw frames for the capture; result: kept, dropped", ["source", "result"])
HANDOVERS = Counter(
    "tickerplant_handovers_total", "Connections replaced before the provider cut them; outcome: lossless, broken", ["source", "outcome"]
)
FILLED_TRADES = Counter("tickerplant_filled_trades_total", "Trades fetched over REST to fill a hole", ["source"])
GAPS = Counter("tickerplant_gaps_total", "Gap events written", ["source", "channel", "state"])
BOOK_BREAKS = Counter("tickerplant_book_breaks_total", "Order books thrown away until their next snapshot", ["source", "reason"])
QUEUE_FRAMES = Gauge("tickerplant_queue_frames", "Frames waiting for the parser", ["source"])
DATA_TIME = Gauge("tickerplant_data_event_time_seconds", "Newest event time seen", ["source"])

# calls to providers, each through the budget of its account
CALLS = Counter("tickerplant_calls_total", "REST calls to a provider", ["provider"])
CALLS_WAITING = Gauge("tickerplant_calls_waiting", "Calls that wait for a provider's limits", ["provider"])
CALL_WAIT_SECONDS = Histogram(
    "tickerplant_call_wait_seconds",
    "How long a call waited for a provider's limits",
    ["provider"],
    buckets=(0.001, 0.01, 0.1, 0.5, 1, 5, 15, 60, 300, 900, 3_600, 21_600, 86_400),
)
BANS = Counter("tickerplant_bans_total", "Answers that said too many calls: by a status, or inside a body that says 200", ["provider"])
BUDGET = Gauge(
    "tickerplant_budget", "What may be asked of a provider within a span (calls, or weight where it counts so)", ["provider", "span"]
)
BUDGET_USED = Gauge("tickerplant_budget_used", "What was asked of it within the last span, as of the last call", ["provider", "span"])
LIMITS_SHARED = Gauge("tickerplant_limits_shared", "1 while budgets are counted by all processes in Redis, 0 by each alone", ["provider"])

DROP_FILES = Counter("tickerplant_drop_files_total", "Files of the drop folder; result: taken, refused", ["result"])

# every process that reads or writes Kafka
RECORDS_IN = Counter("tickerplant_records_in_total", "Kafka records read", ["stage", "topic"])
RECORDS_OUT = Counter("tickerplant_records_out_total", "Kafka records written", ["stage", "topic"])
TICKS_IN = Counter("tickerplant_ticks_in_total", "Ticks read", ["stage", "source"])
TICKS_OUT = Counter("tickerplant_ticks_out_total", "Ticks passed on or stored", ["stage", "source"])
DROPPED = Counter("tickerplant_dropped_total", "Records or ticks dropped, each under a reason", ["stage", "reason"])
DEAD_LETTERS = Counter("tickerplant_dead_letters_total", "Dead letters written", ["stage", "reason"])
RETRIES = Counter("tickerplant_retries_total", "Attempts repeated after a transient error", ["stage", "part"])
LAG = Gauge("tickerplant_lag_records", "Records between the reader and the end of its partition", ["stage", "topic", "partition"])
COMMITS = Counter("tickerplant_commits_total", "Commits", ["stage"])
COMMIT_SECONDS = Histogram("tickerplant_commit_seconds", "Time of one commit, all steps", ["stage"], buckets=FAST)
LATENCY_SECONDS = Histogram("tickerplant_latency_seconds", "From receipt of the frame to this stage", ["stage"], buckets=FAST)
QUALITY = Gauge("tickerplant_quality_score", "Mean quality of the last ticks", ["stage", "source"])
STATE_BYTES = Gauge("tickerplant_state_bytes", "Size of the last snapshot", ["stage"])
PART_UP = Gauge("tickerplant_part_up", "1 if a part that the process needs answers", ["stage", "part"])

# alerts
ALERTS = Counter("tickerplant_alerts_total", "Alert events", ["kind", "severity", "state"])

# the primary source of a symbol
PRIMARY_CHANGES = Counter("tickerplant_primary_changes_total", "Symbols that got another primary source", ["source", "reason"])

# requests that go from one provider to the next
BREAKER_STATE = Gauge("tickerplant_breaker_state", "Circuit breaker of a provider: 0 closed, 1 half open, 2 open", ["source"])
BREAKER_CHANGES = Counter("tickerplant_breaker_changes_total", "Changes of a provider's circuit breaker", ["source", "state"])
FALLBACK_ANSWERS = Counter(
    "tickerplant_fallback_answers_total", "Providers asked on request; result: answered, passed_over", ["source", "result"]
)

# sinks
ROWS = Counter("tickerplant_rows_total", "Rows written", ["sink", "table"])
WRITE_SECONDS = Histogram("tickerplant_write_seconds", "Time of one write to the store", ["sink"], buckets=FAST)
POSTS = Counter("tickerplant_posts_total", "Requests to webhooks; result: delivered, failed, refused, given_up", ["result"])
KEYS = Counter("tickerplant_keys_total", "Guarded writes to Redis; result: written, older, conflated, restored", ["sink", "result"])
STREAM_EVENTS = Counter(
    "tickerplant_stream_events_total", "Events for Redis streams; result: added, repeated, overtaken", ["stream", "result"]
)
REDIS_BYTES = Gauge("tickerplant_redis_memory_bytes", "Memory that Redis uses for what it holds")
REDIS_KEYS = Gauge("tickerplant_redis_keys", "Keys in the Redis database, guards included")
REDIS_EVICTED = Gauge("tickerplant_redis_evicted_keys", "Keys that Redis gave up for want of memory, since its start")
REDIS_HITS = Gauge("tickerplant_redis_hits", "Reads of keys that were there, by anybody, since the start of Redis")
REDIS_MISSES = Gauge("tickerplant_redis_misses", "Reads of keys that were not there, by anybody, since the start of Redis")

# cache: the library, in every process that uses it
CACHE_READS = Counter("tickerplant_cache_reads_total", "Reads; result: hit, memory, expired, miss, unreadable", ["kind", "result"])
CACHE_WRITES = Counter("tickerplant_cache_writes_total", "Writes; result: written, older, memory, restored", ["kind", "result"])
CACHE_SECONDS = Histogram("tickerplant_cache_read_seconds", "Time of one read, however many keys", buckets=FAST)
CACHE_ENTRIES = Gauge("tickerplant_cache_entries", "Values in memory")
CACHE_BYTES = Gauge("tickerplant_cache_memory_bytes", "Their bytes")
CACHE_EVICTIONS = Counter("tickerplant_cache_evictions_total", "Values in memory that made room for others")
CACHE_REDIS_UP = Gauge("tickerplant_cache_redis_up", "1 while Redis answers the cache")

# schedule; task: the job, whose own name Prometheus gives to every target
JOB_RUNS = Counter("tickerplant_job_runs_total", "Runs of scheduled jobs that ended; result: succeeded, failed", ["task", "result"])
JOB_SUCCESS = Gauge("tickerplant_job_success_seconds", "When a scheduled job last succeeded, seconds since 1970", ["task"])
JOB_RUNNER = Gauge("tickerplant_job_runner", "1 while this process is the one that runs the jobs, 0 while another is")

# gateway
CLIENTS = Gauge("tickerplant_clients", "Connected WebSocket clients")
SUBSCRIPTIONS = Gauge("tickerplant_subscriptions", "Subscriptions", ["channel"])
MESSAGES = Counter("tickerplant_messages_total", "Messages written to clients", ["channel"])
REFUSED = Counter(
    "tickerplant_refused_total", "What clients were refused: a handshake, a token, a subscription, to stay", ["action", "reason"]
)
TIER_CLIENTS = Gauge("tickerplant_tier_clients", "Connected clients by tier; none: not authenticated yet", ["tier"])
WAITING_MESSAGES = Gauge("tickerplant_waiting_messages", "Messages that wait for clients: all, and most of one client", ["which"])
HANDSHAKE_SECONDS = Histogram("tickerplant_handshake_seconds", "From the connection to the open WebSocket", buckets=FAST)
HOP_SECONDS = Histogram(
    "tickerplant_hop_seconds",
    "One hop of the newest record of a slice: kafka, from append to read; gateway, from read to the sockets",
    ["hop"],
    buckets=FAST,
)
RESUMES = Counter("tickerplant_resumes_total", "Series that a client went on with; result: recovered, lost", ["channel", "result"])
RESUME_READS = Counter("tickerplant_resume_reads_total", "Reads from Kafka for clients that came back", ["topic"])
SKIPPED = Counter("tickerplant_skipped_total", "Messages that a slow client was told it missed; reason: behind, conflated", ["reason"])
EVICTIONS = Counter("tickerplant_evictions_total", "Clients closed by us", ["code"])
DELIVERY_SECONDS = Histogram("tickerplant_delivery_seconds", "From receipt of the frame to the write to clients", ["channel"], buckets=FAST)
