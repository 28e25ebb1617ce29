"""What the runtime replaces in Faust, and what it relies on there, at the pinned versions. An upgrade that changes any of it fails here at once:
read the new source, adapt runtime/faust_stage, then take over the new hash."""

import hashlib
import inspect
from collections.abc import Callable
from importlib.metadata import version
from typing import Any

import faust
import pytest
from faust.streams import Stream
from faust.tables.recovery import Recovery
from faust.transport.conductor import ConductorCompiler
from faust.transport.consumer import Consumer
from faust.transport.drivers import aiokafka as driver
from faust.transport.drivers.aiokafka import AIOKafkaConsumerThread as ConsumerThread
from mode.services import Service
from mode.threads import QueueServiceThread, ServiceThread
from mode.utils.queues import FlowControlQueue

from runtime.faust_stage.app import StageApp
from runtime.faust_stage.batch_consumer import BatchConsumer, StageTransport
from runtime.faust_stage.same_loop import SameLoopClient

REPLACED = [
    (Consumer.getmany, "4b168d84882a70d6"),
    (Consumer.perform_seek, "0e8c130ff4b0afd8"),
    (Consumer._drain_messages, "44a2500309e83c63"),
    (Consumer._add_gap, "4df2573ded7c1c2c"),
    (Consumer.on_buffer_full, "c8961679e0bcdce5"),
    (Consumer.verify_all_partitions_active, "4e0e46f5c297305d"),
    (Consumer._new_offset, "1d2c7ea89a7ad4f1"),
    (Consumer.commit, "a354437baaa08bf8"),
    (Consumer._commit_offsets, "1a69799041188441"),
    (driver.Consumer._new_consumer_thread, "0870ec53dea75083"),
    (ServiceThread.start, "f11841038a033a05"),
    (ServiceThread._gather_remaining_tasks, "6f65b92dd1012485"),
    (QueueServiceThread.call_thread, "479edda75b54734b"),
    (Service._crash, "7bc0c709a151d556"),
    (faust.App._create_directories, "a9f571c3b04abec3"),
    (faust.App._new_transport, "42db531312dd776f"),
]
RELIED_UPON = [
    (Consumer._wait_next_records, "6218e1969a636b3f"),
    (Consumer.ack, "5fcf41cf45153475"),
    (Consumer.commit_and_end_transactions, "892377824b11a2ee"),
    (Consumer.force_commit, "cc094614d22c70fb"),
    (Consumer._commit_tps, "a20e230b05ae8b15"),
    (Consumer._filter_committable_offsets, "dc5e9baf5d994485"),
    (Consumer._should_commit, "5ce941793947ad42"),
    (Consumer.on_stop, "45b1d2210ce2b526"),
    (Consumer.on_task_error, "0d7f23d0bb2607c1"),
    (Consumer.on_partitions_revoked, "d04b7ae72c6fc206"),
    (ServiceThread._serve, "67809eae09573ac7"),
    (ServiceThread.stop, "32d026539c3665b2"),
    (ServiceThread._shutdown_thread, "d7377862e73421a2"),
    (ServiceThread.crash, "68a766aadc5f7196"),
    (ConsumerThread.on_start, "38b4e8bd1e10723a"),
    (ConsumerThread.on_thread_stop, "8dfc004e258b6c25"),
    (ConsumerThread.getmany, "26fc5fc9f3b667e1"),
    (ConsumerThread._seek_wait, "9d221e816d940467"),
    (ConsumerThread._fetch_records, "39a2c6c79fc1455a"),
    (ConsumerThread._commit, "932852ce7a23f658"),
    (driver.ConsumerRebalanceListener.on_partitions_assigned, "1c1f8406ad3698a6"),
    (Recovery._resume_streams, "d986a6710c1aca98"),
    (faust.App._on_partitions_revoked, "d5c895bbe57dc73a"),
    (faust.App._on_partitions_assigned, "de932b7927db85b3"),
    (faust.App._stop_consumer, "55854a5de12c3f52"),
    (Service.crash, "14980000465df0af"),
    (Stream._c_aiter, "fa44582a5882e9df"),
    (Stream._py_aiter, "3a48ee257a65435b"),
    (Stream.events, "c62f4dd3a73fe7aa"),
    (FlowControlQueue.put_nowait_enhanced, "f1839f43dda3d2cf"),
    (ConductorCompiler.build, "837cf521368c1ee4"),
]
OWNERS = {
    "Consumer": BatchConsumer,
    "ServiceThread": SameLoopClient,
    "QueueServiceThread": SameLoopClient,
    "Service": StageApp,
    "App": StageApp,
}


def _name(method: Any) -> str:
    return str(getattr(method, "__qualname__", ""))


def test_versions_are_the_pinned_ones() -> None:
    assert {name: version(name) for name in ("faust-streaming", "mode-streaming", "aiokafka")} == {
        "faust-streaming": "0.15.3",
        "mode-streaming": "0.7.1",
        "aiokafka": "0.14.0",
    }


@pytest.mark.parametrize(("method", "known"), REPLACED + RELIED_UPON, ids=_name)
def test_the_source_is_the_one_that_was_read(method: Callable[..., Any], known: str) -> None:
    assert hashlib.sha256(inspect.getsource(method).encode()).hexdigest()[:16] == known


@pytest.mark.parametrize(("method", "_known"), REPLACED, ids=_name)
def test_ours_takes_the_same_arguments_and_waits_in_the_same_way(method: Callable[..., Any], _known: str) -> None:
    ours = inspect.getattr_static(OWNERS[method.__qualname__.partition(".")[0]], method.__name__)
    assert ours.__module__.startswith("runtime.")
    assert list(inspect.signature(ours).parameters) == list(inspect.signature(method).parameters)
    assert inspect.iscoroutinefunction(ours) == inspect.iscoroutinefunction(method)
    assert inspect.isasyncgenfunction(ours) == inspect.isasyncgenfunction(method)


def test_the_transport_builds_our_consumer() -> None:
    assert StageTransport.Consumer is BatchConsumer
    assert driver.Transport.Consumer is driver.Consumer
