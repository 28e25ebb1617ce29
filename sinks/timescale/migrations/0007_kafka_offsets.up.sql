-- Where the sink goes on reading; moves in the transaction that writes the rows before it. topic is the physical name.
-- seen: the newest identity read of every input partition of the stage before, so that repeats are dropped after a restart too.
CREATE TABLE kafka_offsets (
    topic text COLLATE "C" NOT NULL,
    partition integer NOT NULL,
    next_offset bigint NOT NULL,
    cluster_id text NOT NULL,
    topic_id text NOT NULL,
    seen jsonb NOT NULL DEFAULT '{}',
    PRIMARY KEY (topic, partition)
) WITH (fillfactor = 50);
