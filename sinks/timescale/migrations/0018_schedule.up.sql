-- When each job is due next, as the runner of the schedule left it.
CREATE TABLE scheduled_jobs (
    job text COLLATE "C" PRIMARY KEY,
    cron text NOT NULL,
    time_zone text NOT NULL,
    next_at timestamptz NOT NULL
);

-- What became of every run of a job.
CREATE TABLE job_runs (
    run_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    job text COLLATE "C" NOT NULL,
    scheduled_at timestamptz NOT NULL,
    cause text COLLATE "C" NOT NULL CHECK (cause IN ('schedule', 'catch_up', 'trigger')),
    state text COLLATE "C" NOT NULL CHECK (state IN ('running', 'succeeded', 'failed', 'abandoned')),
    attempts integer NOT NULL,
    started_at timestamptz NOT NULL DEFAULT now(),
    ended_at timestamptz,
    exit_code integer,
    detail text NOT NULL DEFAULT ''
);
CREATE INDEX job_runs_of_job ON job_runs (job, run_id);
