"""An almost empty page, with the choice of a period and nothing else: what Streamlit itself needs for a change."""

import streamlit as st

QUARTERS = [f"Q{quarter} {year}" for year in (2025, 2026) for quarter in (1, 2, 3, 4)]
st.title("Almost empty")
st.write(st.selectbox("Period", ["Last 12 months", "All months", "2025", *QUARTERS]))
