"""EuroHPC project codes are known in every spelling that centres and users give them."""

import pytest

from data.project_codes import project_code, same_account

SPELLED = [
    ("EHPC-DEV-2024D11-031", "development", "EHPC-DEV-2024D11-031"),
    ("ehpc-dev-2024d05-047", "development", "EHPC-DEV-2024D05-047"),
    ("EEHPC-BEN-2026B02-011", "benchmark", "EHPC-BEN-2026B02-011"),
    ("eehpc-dev-2024d08-066x", "development", "EHPC-DEV-2024D08-066"),
    ("ehpc-reg-2023r03-178", "regular", "EHPC-REG-2023R03-178"),
    ("EHPC-EXT-2024E02-083", "extreme_scale", "EHPC-EXT-2024E02-083"),
    ("EHPC-AIF-2025PG01-128", "playground", "EHPC-AIF-2025PG01-128"),
    ("EHPC-AIF-2026FL01-1157", "fast_lane", "EHPC-AIF-2026FL01-1157"),
    ("EHPC-AIF-2026LS01-004", "large_scale", "EHPC-AIF-2026LS01-004"),
    ("EHPC-AIF-2025SC02060", "ai_for_science", "EHPC-AIF-2025SC02-060"),
    ("EHPC-AI-2024A02-040", "other", "EHPC-AI-2024A02-040"),
    ("EHPC-AI-2024-A04-051", "other", "EHPC-AI-2024A04-051"),
    ("d2023d12-053-users", "development", "EHPC-DEV-2023D12-053"),
    ("EUHPC_D12_058", "development", None),
    ("euhpc_r04_192", "regular", None),
    ("EUHPC_A04_051", "other", None),
    ("AIFAC_P02_222", "playground", None),
    ("AIFAC_S07_154", "ai_for_science", None),
    ("ehpc628", "other", None),
]


@pytest.mark.parametrize(("written", "mode", "official"), SPELLED)
def test_a_code_tells_its_mode_in_every_spelling(written: str, mode: str, official: str | None) -> None:
    for text in (written, written.upper(), written.lower()):
        told = project_code(text)
        assert told is not None
        assert (told.mode.value, told.official) == (mode, official)


@pytest.mark.parametrize("text", ["project_465000001", "p200123", "my-ehpc-dev-2024d11-031", "EHPC", "EU-25-12", "ehpc-dev", ""])
def test_other_texts_are_no_codes(text: str) -> None:
    assert project_code(text) is None


def test_what_a_centre_leaves_out_is_not_guessed() -> None:
    assert same_account("EUHPC_D12_058") != same_account("EHPC-DEV-2024D12-058")
