"""The order in which a report lists approaches."""

from runtime.report.roles import BASELINE, PLACEBO, TREATMENT, UNTRAINED, in_order


def test_controls_of_an_approach_stand_beside_it() -> None:
    listed = ["untrained", "bold", "baseline", "placebo", "mild", "bold~same-budget", "bold~placebo"]
    roles = {"untrained": UNTRAINED, "baseline": BASELINE, "placebo": PLACEBO, "bold": TREATMENT, "bold~placebo": PLACEBO}
    order = ["baseline", "bold", "bold~same-budget", "bold~placebo", "mild", "placebo", "untrained"]
    assert in_order(listed, roles) == order
