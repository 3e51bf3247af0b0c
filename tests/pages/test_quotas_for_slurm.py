"""The quotas page turns quotas into files for Slurm: from a pasted state, with what is refused and what to know before."""

from collections.abc import Callable
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from tests.pages.small import words_of

Visit = Callable[..., AppTest]
QUOTAS = "operations/quotas.py"
STATE = """Cluster|Account|User|ParentName|Share|GrpTRES|GrpTRESMins|QOS|QOS_RAW|Def QOS
lumi|project_465000001||root|10||node=60|||
Account|User|GrpTRESRaw
project_465000001||node=120
"""


def opened(visit: Visit, lake: Path) -> AppTest:
    app = visit(lake, QUOTAS)
    app.session_state["quota-slurm"] = True
    app.run()
    assert not app.exception
    return app


def with_ended(app: AppTest) -> AppTest:
    app.toggle(key="slurm-ended").set_value(True).run()
    return app


def pasted(app: AppTest, text: str) -> AppTest:
    app.text_area(key="slurm-pasted").input(text).run()
    assert not app.exception
    return app


def test_a_pasted_state_becomes_a_diff_and_files(visit: Visit, small_store: Path) -> None:
    app = pasted(with_ended(opened(visit, small_store)), STATE)
    said = words_of(app)
    assert "1 limit of 1 account on cluster lumi would change" in said
    assert "Slurm knows no such account" in said
    assert any("set GrpTRESMins=node=54000 ||" in code.value for code in app.code)


def test_quotas_that_have_ended_are_left_out_until_they_are_asked_for(visit: Visit, small_store: Path) -> None:
    app = opened(visit, small_store)  # its awards ended in March 2026
    assert "Also the 2 quotas that ended" in [each.label for each in app.toggle]
    assert not app.text_area
    assert with_ended(app).text_area(key="slurm-pasted") is not None


def test_a_torn_state_is_told_and_nothing_is_offered(visit: Visit, small_store: Path) -> None:
    app = pasted(with_ended(opened(visit, small_store)), "hello")
    assert "Nothing of this is known as the state of Slurm" in words_of(app)
    assert not any("GrpTRESMins=node" in code.value for code in app.code[1:])


def test_a_reader_is_not_offered_files_for_slurm(visit: Visit, small_store: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("EQUINODE_ROLE", "reader")
    assert "Put the quotas into Slurm" not in [each.label for each in opened(visit, small_store).expander]
