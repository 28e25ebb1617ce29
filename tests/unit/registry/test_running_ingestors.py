"""Who may start beside the processes of a provider that live: the others of those that were counted with the same number."""

import json
import os
from pathlib import Path

import pytest

from ingestors.process_shard import ProcessShard
from runtime.clock import SystemClock
from runtime.errors import UserError
from runtime.health import Health, HealthServer, run_file
from runtime.settings import load_settings
from tickerplant.running_ingestors import check_beside

INGESTOR = "ingest-coinbase"
WHOLE, FIRST, SECOND, THIRD = ProcessShard(4), ProcessShard(4, 1, 2), ProcessShard(4, 2, 2), ProcessShard(4, 1, 3)


@pytest.mark.parametrize(("living", "refused"), [(FIRST, (WHOLE, THIRD)), (WHOLE, (FIRST, SECOND))])
def test_one_of_another_number_is_refused_while_it_lives(tmp_path: Path, living: ProcessShard, refused: tuple[ProcessShard, ...]) -> None:
    server = HealthServer(Health(living.named(INGESTOR), SystemClock()), load_settings(data_dir=tmp_path), os.getpid())
    server.start()
    try:
        for shard in refused:
            with pytest.raises(
                UserError, match=rf"^{living.named(INGESTOR)} \(pid {os.getpid()}\) runs, and {shard.named(INGESTOR)} would write"
            ):
                check_beside(tmp_path, INGESTOR, shard)
        with pytest.raises(UserError, match=rf"^{living.named(INGESTOR)} \(pid {os.getpid()}\) runs already"):
            check_beside(tmp_path, INGESTOR, living)
        if not living.whole:
            check_beside(tmp_path, INGESTOR, SECOND)
        check_beside(tmp_path, "ingest-coinbase-advanced", WHOLE)
    finally:
        server.stop()


def test_what_it_left_behind_refuses_nobody_though_another_process_has_its_pid(tmp_path: Path) -> None:
    path = run_file(tmp_path, SECOND.named(INGESTOR))
    path.parent.mkdir(parents=True)
    path.write_text(json.dumps({"pid": os.getpid(), "health": "http://127.0.0.1:9"}))
    check_beside(tmp_path, INGESTOR, WHOLE)
