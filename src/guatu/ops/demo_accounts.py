"""Who can sign in to the demo; apart from the demo, so that telling it loads nothing else."""

from dataclasses import dataclass

PASSWORD = "guatu-demo-2026"  # noqa: S105  printed at every start of the demo, and only there
FIRST_PLANT = "YN-AL-001"
"""Code of the plant that has the accident; its officer is among the accounts."""
SECOND_PLANT = "YN-ST-003"
"""A neighbour in the same county, whose officer must see nothing of the first."""


@dataclass(frozen=True, slots=True)
class Account:
    """Someone who can sign in to the demo."""

    username: str
    name: str
    role: str
    organisation: str
    title: str
    phone: str


ACCOUNTS = (
    Account(
        "anquan",
        "李永昌",
        "plant_safety_officer",
        FIRST_PLANT,
        "安宁永昌铝业（演示）安全员 safety officer of Anning Yongchang Aluminium",
        "138-0000-0001",
    ),
    Account(
        "anquan2",
        "马文华",
        "plant_safety_officer",
        SECOND_PLANT,
        "同县另一企业安全员 officer of a second plant",
        "138-0000-0002",
    ),
    Account(
        "zhiban",
        "杨春梅",
        "duty_officer",
        "bureau:530181",
        "安宁市值班员 duty officer, county level",
        "138-0000-0003",
    ),
    Account(
        "kunming",
        "赵丽华",
        "duty_officer",
        "bureau:530100",
        "昆明市值班员 duty officer, prefecture",
        "138-0000-0004",
    ),
    Account(
        "shengban",
        "张建国",
        "duty_officer",
        "bureau:530000",
        "省厅值班员 duty officer, province",
        "138-0000-0005",
    ),
    Account(
        "ducha", "陈志强", "supervisor", "office:530000", "省督查室 supervisor", "138-0000-0006"
    ),
)
"""Nobody's numbers: 138-0000 is given to no telephone."""
