"""One request and what came of it: filled while the load runs, judged after it has ended."""

from dataclasses import dataclass

from goseventh.bench.open_load.schedule import Kind


@dataclass(slots=True, eq=False)
class Exchange:
    """Times are `time.perf_counter` seconds. The answer is kept raw, lest judging it delay a request."""

    kind: Kind
    index: int  # within its kind; a read has the index of its creation
    due: float  # latency counts from here
    left: float = 0.0  # when the generator acted: `left - due` is its own lateness
    done: float = 0.0  # 0 while there is no whole answer
    status: int = 0
    location: str = ""
    content_type: str = ""
    body: bytes = b""
    fault: str = ""  # why there is no answer, or no usable one

    @property
    def ended(self) -> bool:
        """Answered, or given up."""
        return bool(self.done or self.fault)

    @property
    def missing(self) -> bool:
        """No whole answer ever came."""
        return not self.done

    @property
    def created(self) -> bool:
        """A whole 201 came: the server has promised to keep this person."""
        return bool(self.done) and self.status == 201

    @property
    def latency(self) -> float:
        """Seconds from the scheduled moment, connecting included, to the whole answer."""
        return self.done - self.due

    @property
    def lateness(self) -> float:
        """Seconds that the generator itself was late."""
        return self.left - self.due


@dataclass(frozen=True, slots=True)
class Fault:
    """One answer that is wrong or never came: `what` groups equal ones, `example` points at this one."""

    kind: Kind
    what: str
    example: str
    missing: bool = False
