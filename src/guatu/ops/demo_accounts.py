"""Who can sign in to the demo; apart from the demo, so that telling it loads nothing else."""

from dataclasses import dataclass

PASSWORD = "guatu-demo-2026"  # noqa: S105  printed at every start of the demo, and only there
FIRST_PLANT = "YN-AL-001"
"""Code of the plant that has the accident; its officer is among the accounts."""


@dataclass(frozen=True, slots=True)
class Account:
    """Someone who can sign in to the demo."""

    username: str
    name: str
    role: str
    organisation: str
    title: str


ACCOUNTS = (
    Account("anquan", "李永昌", "plant_safety_officer", FIRST_PLANT, "企业安全员 plant officer"),
    Account("zhiban", "杨春梅", "duty_officer", "bureau:530181", "安宁市值班员 duty officer, city"),
    Account(
        "shengban", "张建国", "duty_officer", "bureau:530000", "省厅值班员 duty officer, province"
    ),
    Account("ducha", "陈志强", "supervisor", "office:530000", "省督查室 supervisor"),
)
