"""The local Kafka: one node, broker and controller (KRaft), on loopback."""

import signal
import subprocess
from pathlib import Path

from confluent_kafka import KafkaException
from confluent_kafka.admin import AdminClient

from runtime.errors import UserError
from tickerplant.stack.child import ChildSpec
from tickerplant.stack.ports import LOOPBACK, answers

_CLUSTER_ID = "dGlja2VycGxhbnQtbG9jYQ"  # base64url of 16 bytes, as the format tool wants it
_CONFIG = """process.roles=broker,controller
node.id=1
controller.quorum.voters=1@{host}:{controller_port}
listeners=PLAINTEXT://{host}:{port},CONTROLLER://{host}:{controller_port}
advertised.listeners=PLAINTEXT://{host}:{port}
controller.listener.names=CONTROLLER
listener.security.protocol.map=CONTROLLER:PLAINTEXT,PLAINTEXT:PLAINTEXT
log.dirs={directory}
# topics are made by one explicit step, never by a client
auto.create.topics.enable=false
offsets.topic.replication.factor=1
offsets.topic.num.partitions=4
transaction.state.log.replication.factor=1
transaction.state.log.min.isr=1
share.coordinator.state.topic.replication.factor=1
share.coordinator.state.topic.min.isr=1
# one worker a stage: nobody else is waited for at a start
group.initial.rebalance.delay.ms=0
group.min.session.timeout.ms=1000
# a killed broker is let in again once its old session is over (9 s by default), a started one serves from its next heartbeat on (2 s)
broker.session.timeout.ms=3000
broker.heartbeat.interval.ms=500
num.network.threads=2
num.io.threads=4
# sized for a small heap and many small partitions
log.cleaner.dedupe.buffer.size=16777216
log.index.size.max.bytes=2097152
log.segment.delete.delay.ms=5000
log.retention.check.interval.ms=60000
"""
_LOGGING = (
    "-Dorg.slf4j.simpleLogger.defaultLogLevel=warn",
    "-Dorg.slf4j.simpleLogger.showDateTime=true",
    "-Dorg.slf4j.simpleLogger.dateTimeFormat=yyyy-MM-dd'T'HH:mm:ss.SSS",
)
# Two threads collect: the broker stands still for 3 ms every few seconds at 20,000 messages a second, 15-20 ms with the serial collector.
JVM = ("-XX:+UseParallelGC", "-XX:ParallelGCThreads=2", "-XX:+ExitOnOutOfMemoryError", "-Djava.awt.headless=true")
# The optimising compiler costs a broker of a minute or two as much as all its work; later it halves what a request costs.
_QUICK_COMPILER = ("-XX:TieredStopAtLevel=1",)


class KafkaServer:
    """One broker on <data dir>/kafka."""

    name = "kafka"

    def __init__(
        self,
        data_dir: Path,
        ports: tuple[int, int],
        java: Path,
        jars: tuple[Path, ...],
        heap_mb: int,
        quick_compiler: bool = False,
        java_flags: tuple[str, ...] = (),
    ) -> None:
        """ports: for clients, for the controller. java_flags: what Java knows beforehand (see java_cache)."""
        self._directory = data_dir / "kafka"
        self._config = data_dir / "run" / "kafka.properties"
        self._log = data_dir / "logs" / "kafka.log"
        self._port, self._controller_port = ports
        self._java = java
        self._jars = jars
        self._heap_mb = heap_mb
        self._compiler = _QUICK_COMPILER if quick_compiler else ()
        self._java_flags = java_flags

    @property
    def address(self) -> str:
        """host:port."""
        return f"{LOOPBACK}:{self._port}"

    def prepare(self) -> ChildSpec:
        """Writes the configuration and formats an empty data folder, which takes a second. Raises UserError if that fails."""
        self._config.parent.mkdir(parents=True, exist_ok=True)
        self._config.write_text(
            _CONFIG.format(host=LOOPBACK, port=self._port, controller_port=self._controller_port, directory=self._directory.resolve())
        )
        if not (self._directory / "meta.properties").exists():
            self._format()
        # Half of it for what lives as long as a request: a collection every few seconds, and each stops the broker.
        heap = (f"-Xms{self._heap_mb}m", f"-Xmx{self._heap_mb}m", f"-Xmn{self._heap_mb // 2}m")
        command = self._java_command(*self._java_flags, *self._compiler, *heap, "kafka.Kafka", str(self._config))
        return ChildSpec(self.name, command, self._log, orphan_signal=signal.SIGTERM)

    def _format(self) -> None:
        tool = ("kafka.tools.StorageTool", "format", "-t", _CLUSTER_ID, "-c", str(self._config))
        answer = subprocess.run(self._java_command("-Xmx128m", *tool), capture_output=True, text=True, check=False)
        if answer.returncode:
            reason = (answer.stderr or answer.stdout).strip().splitlines()[-1:] or ["no reason given"]
            raise UserError(f"Kafka cannot format {self._directory}: {reason[0]}; remove that folder or use another --data-dir")

    def _java_command(self, *arguments: str) -> tuple[str, ...]:
        class_path = ":".join(str(jar) for jar in self._jars)
        return (str(self._java), *JVM, *_LOGGING, "-cp", class_path, *arguments)

    def missing(self) -> str:
        """ "" if it answers, else what is missing. Blocks up to two seconds."""
        if not answers(self._port):
            return "does not listen yet"
        try:
            brokers = AdminClient({"bootstrap.servers": self.address, "log_level": 2}).list_topics(timeout=1.5).brokers
        except KafkaException as error:
            return str(error)
        return "" if brokers else "no broker registered yet"
