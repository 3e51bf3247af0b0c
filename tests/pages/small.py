"""A small log in sacct's words with what is decided about its projects, and the words that a page shows."""

from pathlib import Path

import polars as pl
from streamlit.testing.v1 import AppTest

from data.access import local_person
from data.ingest.load import Order, ingest
from data.schema import PROJECTS
from data.settings import Settings
from data.systems import known_systems

FIELDS = "JobIDRaw User Account Partition QOS Submit Eligible Start End ElapsedRaw State NNodes AllocCPUS AllocTRES TimelimitRaw"
HEADER = "|".join([*FIELDS.split(), "ConsumedEnergyRaw"])


def sacct(first: int, account: str, months: list[str], *, nodes: int = 2, energy: str = "") -> str:
    """One finished job of six hours in each of the months given, and one that was cancelled while it waited."""
    tres = f"billing={nodes},cpu={nodes * 128},gres/gpu={nodes * 8},mem=1G,node={nodes}"
    who = f"alice|{account}|standard-g|normal"
    rows = []
    for number, month in enumerate(months, start=first):
        times = "|".join(f"{month}-03T{hour}:00:00" for hour in ("08", "08", "09", "15"))
        rows.append(f"{number}|{who}|{times}|21600|COMPLETED|{nodes}|{nodes * 128}|{tres}|600|{energy}")
    asked = f"{months[0]}-20T08:00:00|Unknown|None|{months[0]}-20T09:00:00"
    rows.append(f"{first + 90}|{who}|{asked}|0|CANCELLED by 7|{nodes}|0||600|")
    return "\n".join(rows)


def small_log() -> bytes:
    """Jobs of two classified projects and one that is not, over fourteen months, and one line that cannot be believed."""
    months = [f"2025-{month:02d}" for month in range(1, 13)] + ["2026-01", "2026-02"]
    lines = [
        HEADER,
        sacct(1_000, "project_465000001", months, nodes=8, energy="360000000"),
        sacct(2_000, "ehpc-aif-2025pg01-128", months[6:], nodes=3),
        sacct(3_000, "project_465000777", months[10:], nodes=1),
        "4000|alice|project_465000001|standard-g|normal|2025-05-03T08:00:00|||2025-05-02T08:00:00|x|COMPLETED|1|1||600|",
    ]
    return "\n".join(lines).encode() + b"\n"


def small_projects() -> pl.DataFrame:
    """What is decided about two of the three projects."""
    rows = [
        {"account": "project_465000001", "category": "research", "country": "FI", "mode": "regular", "node_hours_awarded": 900.0},
        {"account": "ehpc-aif-2025pg01-128", "category": "sme", "country": "DE", "mode": "playground", "node_hours_awarded": 400.0},
    ]
    days = {"starts": pl.Series(["2025-01-01"] * 2).str.to_date(), "ends": pl.Series(["2026-03-01"] * 2).str.to_date()}
    given = pl.DataFrame(rows).with_columns(system=pl.lit("lumi"), **days)
    missing = {name: pl.lit(None, kind) for name, kind in PROJECTS.items() if name not in given.columns}
    return given.with_columns(**missing).select(pl.col(name).cast(kind) for name, kind in PROJECTS.items())


def bring_in(lake: Path, log: bytes, *, system: str = "lumi", demo: bool = False, projects: pl.DataFrame | None = None) -> None:
    """Bring a log into the store at a place."""
    site = Settings(lake=lake)
    lake.parent.mkdir(parents=True, exist_ok=True)
    path = lake.parent / "log.txt"
    path.write_bytes(log)
    ingest(site, Order(path=path, system=known_systems(None)[system], demo=demo, projects=projects), local_person(site))


def words_of(app: AppTest) -> str:
    """Every text on a page, one after the other."""
    kinds = (app.title, app.header, app.markdown, app.caption, app.info, app.warning, app.error, app.success, app.code)
    texts = [str(element.value) for kind in kinds for element in kind]
    figures = [f"{metric.label}: {metric.value}" for metric in app.metric]
    return "\n".join(texts + figures)
