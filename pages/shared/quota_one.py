"""One project of the quotas page looked at closely, chosen among those on the page and kept in the address."""

import polars as pl
import streamlit as st

from data.quotas import KEY
from pages.shared import loaders, quota_detail
from pages.shared.visit import Visit

PROJECT = "project"
"""The name of the choice in the address."""


def section(here: Visit, page: pl.DataFrame) -> None:
    """The choice of a project, and its burn-down once one is chosen."""
    names = loaders.system_names(here.state)
    known = {f"{account} on {names.get(system, system)}": (system, account) for system, account in page.select(*KEY).rows()}
    chosen = st.selectbox(
        "Look closely at", list(known), index=None, key=PROJECT, bind="query-params", placeholder="Choose a project of this page", width=420
    )
    if chosen is not None:
        quota_detail.detail(here, *known[chosen])
