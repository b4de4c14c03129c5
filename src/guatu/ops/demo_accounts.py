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
    Account(
        "diaodu",
        "孙磊",
        "dispatcher",
        "bureau:530181",
        "安宁市调度员 dispatcher, county level",
        "138-0000-0007",
    ),
    Account(
        "zeren",
        "郑凯",
        "responsible_unit",
        "office:530181",
        "安宁市工业和信息化局 officer of a responsible unit",
        "138-0000-0008",
    ),
    Account(
        "qiye",
        "钱建明",
        "enterprise",
        FIRST_PLANT,
        "安宁永昌铝业（演示）厂长 manager of the plant, looks on",
        "138-0000-0009",
    ),
    Account(
        "chakan",
        "冯雪",
        "viewer",
        "bureau:530181",
        "安宁市查看员 looks on, county level",
        "138-0000-0010",
    ),
    Account(
        "guanli",
        "周敏",
        "administrator",
        "bureau:530000",
        "系统管理员 makes accounts and organisations",
        "138-0000-0011",
    ),
    Account(
        "anguan",
        "吴涛",
        "security_administrator",
        "bureau:530000",
        "安全管理员 grants roles",
        "138-0000-0012",
    ),
    Account(
        "shenji", "何静", "auditor", "bureau:530000", "审计员 reads the record", "138-0000-0013"
    ),
)
"""Nobody's numbers: 138-0000 is given to no telephone."""
