"""What the tests of the allocation share."""

from collections.abc import Callable

import pytest
from random_problems import single_machine_problem

from analytics.allocation.problem import Problem


@pytest.fixture(scope="session")
def single_machine() -> Callable[..., Problem]:
    """A maker of problems with one partition and one month."""
    return single_machine_problem
