"""A machine as facts: what is known of it, in which unit, from which source, and how well."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from data.terms import Flag

FactValue = str | float | date | tuple[str, ...]


class SystemStatus(StrEnum):
    """Whether a machine runs, is announced, or was declared by the operator who brings its logs."""

    OPERATING = "operating"
    ANNOUNCED = "announced"
    DECLARED = "declared"


class Kind(StrEnum):
    """What sort of value a fact has."""

    TEXT = "text"
    NUMBER = "number"
    DAY = "day"
    NAMES = "names"


@dataclass(frozen=True, slots=True, kw_only=True)
class Fact:
    """A value that somebody published, estimated or declared."""

    value: FactValue
    """A text, a number, a day, or names."""
    source: str
    """Who says so, or how it was estimated."""
    flag: Flag
    """How well it is known."""
    unit: str = ""
    """The unit of a number; empty for texts, days and names."""
    valid: str = ""
    """For when it holds, where that is narrower than the day the facts were collected."""

    @property
    def text(self) -> str:
        """The value in words.

        >>> Fact(value=("small", "standard"), source="a page", flag=Flag.SOURCED).text
        'small, standard'
        >>> Fact(value=2978.0, source="a page", flag=Flag.SOURCED, unit="nodes").text
        '2978'
        """
        if isinstance(self.value, tuple):
            return ", ".join(self.value)
        return f"{self.value:.15g}" if isinstance(self.value, float) else str(self.value)


@dataclass(frozen=True, slots=True, kw_only=True)
class FactField:
    """One thing that can be known of a machine or of one of its partitions."""

    name: str
    """The key in a declaration and the name on the record."""
    kind: Kind
    """What sort of value it takes."""
    meaning: str
    """What it is, for the reader of an error or of the methods page."""
    unit: str = ""
    """The unit of a number."""
    required: bool = False
    """Whether a declaration must give it."""
    least: float = 0.0
    """The smallest number that can be true."""
    above: bool = False
    """Whether the number must lie above `least`, not on it."""
    most: float = float("inf")
    """The largest number that can be true."""


SYSTEM_FIELDS = (
    FactField(name="name", kind=Kind.TEXT, meaning="the machine's own name", required=True),
    FactField(name="site", kind=Kind.TEXT, meaning="the site that houses it"),
    FactField(name="city", kind=Kind.TEXT, meaning="the city"),
    FactField(name="operator", kind=Kind.TEXT, meaning="who runs it, and the consortium behind"),
    FactField(name="country", kind=Kind.TEXT, meaning="ISO 3166 code of the country, two capital letters such as FI or GR", required=True),
    FactField(name="grid_zone", kind=Kind.TEXT, meaning="zone of the electricity grid, such as FI or IT-NO"),
    FactField(name="time_zone", kind=Kind.TEXT, meaning="IANA time zone such as Europe/Helsinki", required=True),
    FactField(name="log_time_zone", kind=Kind.TEXT, meaning="IANA time zone of times without offset in its logs; else time_zone"),
    FactField(name="status", kind=Kind.TEXT, meaning="operating, announced or declared"),
    FactField(name="in_service", kind=Kind.DAY, meaning="first day of service"),
    FactField(name="out_of_service", kind=Kind.DAY, meaning="first day after its service"),
    FactField(
        name="pue", kind=Kind.NUMBER, meaning="power usage effectiveness: facility energy over IT energy", unit="ratio", least=1, most=10
    ),
    FactField(name="union_share", kind=Kind.NUMBER, meaning="the Union's part of the access time", unit="share, 0–1", above=True, most=1),
    FactField(name="charge_unit", kind=Kind.TEXT, meaning="what the site's own accounting charges"),
    FactField(name="electricity", kind=Kind.TEXT, meaning="the site's electricity contract"),
    FactField(
        name="market_factor",
        kind=Kind.NUMBER,
        meaning="market-based emissions as a part of location-based ones; 0 for a wholly renewable contract",
        unit="ratio",
    ),
    FactField(
        name="power_limit_kw",
        kind=Kind.NUMBER,
        meaning="most electrical power that the site may draw for the machine, cooling included",
        unit="kW",
        above=True,
    ),
    FactField(
        name="facility_energy_mwh", kind=Kind.NUMBER, meaning="energy of the data centre (E_DC) in a calendar year", unit="MWh", above=True
    ),
    FactField(name="it_energy_mwh", kind=Kind.NUMBER, meaning="energy of its computers (E_IT) in that year", unit="MWh", above=True),
    FactField(name="water_m3", kind=Kind.NUMBER, meaning="water it took in (W_IN) in that year", unit="m³"),
    FactField(name="heat_reused_mwh", kind=Kind.NUMBER, meaning="heat it gave away for use (E_REUSE) in that year", unit="MWh"),
    FactField(name="renewable_energy_mwh", kind=Kind.NUMBER, meaning="its renewable energy (E_RES-TOT) in that year", unit="MWh"),
    FactField(name="heat_reuse", kind=Kind.TEXT, meaning="cooling, and where the heat goes"),
    FactField(name="not_covered", kind=Kind.TEXT, meaning="hardware of the machine without a row here"),
)
"""What can be known of a machine."""

PARTITION_FIELDS = (
    FactField(name="processor", kind=Kind.TEXT, meaning="the processors of a node"),
    FactField(name="accelerator", kind=Kind.TEXT, meaning="the accelerators of a node"),
    FactField(name="nodes", kind=Kind.NUMBER, meaning="nodes that jobs can use", unit="nodes", required=True, least=1),
    FactField(
        name="cores_per_node", kind=Kind.NUMBER, meaning="physical cores of a node", unit="cores per node", required=True, above=True
    ),
    FactField(
        name="gpus_per_node",
        kind=Kind.NUMBER,
        meaning="GPUs of a node, in the machine's own billing unit; 0 for none",
        unit="GPUs per node",
    ),
    FactField(name="memory_gib_per_node", kind=Kind.NUMBER, meaning="memory of a node", unit="GiB per node", above=True),
    FactField(name="node_idle_w", kind=Kind.NUMBER, meaning="power of an idle node", unit="W"),
    FactField(name="node_max_w", kind=Kind.NUMBER, meaning="power of a fully used node", unit="W", above=True),
    FactField(
        name="utilisation",
        kind=Kind.NUMBER,
        meaning="where between idle and full power a busy node is taken to be when a job has no reading of its own",
        unit="share, 0–1",
        most=1,
    ),
    FactField(
        name="availability",
        kind=Kind.NUMBER,
        meaning="part of the year in which the nodes can be used",
        unit="share, 0–1",
        above=True,
        most=1,
    ),
    FactField(name="hpl_power_kw", kind=Kind.NUMBER, meaning="power of the partition in the HPL benchmark", unit="kW", above=True),
    FactField(name="queues", kind=Kind.NAMES, meaning="the scheduler's names (Slurm partitions) for this hardware"),
    FactField(
        name="cores_per_logged_cpu",
        kind=Kind.NUMBER,
        meaning="physical cores behind one CPU of the log: 1, or 0.5 where Slurm counts hardware threads; 1 if not given",
        unit="cores per CPU of the log",
        above=True,
    ),
    FactField(
        name="gpus_per_logged_gpu",
        kind=Kind.NUMBER,
        meaning="billing GPUs behind one GPU of the log: 1, or 0.5 where Slurm counts the two halves of a module; 1 if not given",
        unit="GPUs per GPU of the log",
        above=True,
    ),
    FactField(name="status", kind=Kind.TEXT, meaning="operating, announced or declared; else that of the machine"),
    FactField(name="in_service", kind=Kind.DAY, meaning="first day of service; else that of the machine"),
    FactField(name="out_of_service", kind=Kind.DAY, meaning="first day after its service; else that of the machine"),
)
"""What can be known of a partition, the part of a machine whose nodes are alike."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Partition:
    """A part of a machine whose nodes are alike; a number that is not known is `None`."""

    name: str
    """Its name within the machine, such as LUMI-G or Booster."""
    status: SystemStatus
    """Its own, else that of the machine."""
    in_service: date | None
    """First day of service, its own or the machine's; unknown is taken as always."""
    out_of_service: date | None
    """First day after its service."""
    nodes: float | None
    """Nodes that jobs can use."""
    cores_per_node: float | None
    """Physical cores of a node."""
    gpus_per_node: float | None
    """GPUs of a node in the machine's billing unit (an MI250X module is one); 0 for none."""
    memory_gib_per_node: float | None
    """Memory of a node."""
    node_idle_w: float | None
    """Power of an idle node."""
    node_max_w: float | None
    """Power of a fully used node."""
    utilisation: float | None
    """Where between idle and full power a busy node is taken to be when a job has no reading of its own."""
    availability: float | None
    """Part of the year in which the nodes can be used."""
    hpl_power_kw: float | None
    """Power of the partition in the HPL benchmark."""
    queues: tuple[str, ...]
    """The scheduler's names for this hardware."""
    cores_per_logged_cpu: float
    """Physical cores behind one CPU of the log; 1 where nothing else is stated."""
    gpus_per_logged_gpu: float
    """Billing GPUs behind one GPU of the log; 1 where nothing else is stated."""
    facts: Mapping[str, Fact]
    """Every value stated for it, with source and flag."""
    unknown: Mapping[str, str]
    """What is not known of it, with the reason."""


@dataclass(frozen=True, slots=True, kw_only=True)
class System:
    """A machine: its site, its share for the Union, its electricity and its partitions."""

    id: str
    """The short name used in the store, in links and in files."""
    name: str
    """The name people use."""
    country: str
    """ISO 3166 code of the country that hosts it."""
    time_zone: str
    """IANA time zone of the site."""
    log_time_zone: str
    """IANA time zone of times without offset in its logs."""
    status: SystemStatus
    """Whether it operates, is announced, or was declared."""
    site: str | None
    """The site that houses it."""
    city: str | None
    """The city."""
    operator: str | None
    """Who runs it."""
    grid_zone: str | None
    """Zone of the electricity grid."""
    in_service: date | None
    """First day of service."""
    out_of_service: date | None
    """First day after its service."""
    pue: float | None
    """Facility energy over IT energy; without it facility energy is not available."""
    union_share: float | None
    """The Union's part of the access time."""
    market_factor: float | None
    """Market-based emissions as a part of location-based ones; `None`: the contract is not known."""
    collected: date | None
    """The day on which its facts were collected."""
    partitions: tuple[Partition, ...]
    """Its parts, in the order they were stated."""
    facts: Mapping[str, Fact]
    """Every value stated for the machine as a whole, with source and flag."""
    unknown: Mapping[str, str]
    """What is not known of it, with the reason."""

    def partition(self, name: str) -> Partition | None:
        """The partition of this name, written in capitals or not; `None` if it has none such."""
        return next((part for part in self.partitions if part.name.casefold() == name.casefold()), None)

    def partition_of(self, queue: str) -> Partition | None:
        """The hardware partition behind a queue's name, or behind several separated by commas, as a pending job has them.

        A queue that no partition states is taken for the partition of the same name. `None` where the queue is unknown, or where
        the queues of a list lead to different hardware.
        """
        behind = [self._behind(name.strip()) for name in queue.split(",")]
        return behind[0] if all(part is behind[0] for part in behind) else None

    def _behind(self, queue: str) -> Partition | None:
        return next((part for part in self.partitions if queue in part.queues), None) or self.partition(queue)
