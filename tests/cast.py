"""The standing cast: the same people in every test, so that a test says only what is special.

| name | who | sees |
|---|---|---|
| supervisor | 市督查室 of Kunming | Kunming |
| duty_officer | 县局: the bureau of Anning | Anning |
| plant_officer | 企业安全员 of the plant in Anning | the plant |
| outsider | duty officer of another county, in Qujing | Qilin |
| outside_plant_officer | plant officer of a plant there | that plant |
| city_duty_officer, province_duty_officer | where overdue warnings climb to | Kunming; Yunnan |
| administrator, security_administrator, auditor | of the province's department | people |
| dispatcher | of the bureau of Anning | Anning |
| responsible_unit | of the housing bureau of Anning, a government office | that office |
| enterprise | the manager of the plant in Anning | the plant |
| viewer | of the bureau of Anning | Anning |
"""

from dataclasses import dataclass
from datetime import UTC, datetime

from guatu.web.people.models import OF_AN_ORGANISATION, SITES, Grant, Organisation, Role, User
from guatu.web.regions.models import Region

PASSWORD = "a long enough one 42"
LONG_AGO = datetime(2020, 1, 1, tzinfo=UTC)

_REGIONS = [
    ("530000", "云南省", "云南", "province", None),
    ("530100", "昆明市", "昆明", "prefecture", "530000"),
    ("530124", "富民县", "富民", "county", "530100"),
    ("530181", "安宁市", "安宁", "county", "530100"),
    ("530300", "曲靖市", "曲靖", "prefecture", "530000"),
    ("530302", "麒麟区", "麒麟", "county", "530300"),
]


@dataclass(frozen=True, slots=True, kw_only=True)
class Cast:
    """The people and where they work; `plant` and the bureaus are people.Organisation."""

    province: Region
    city: Region
    county: Region
    neighbour_county: Region
    other_county: Region
    province_bureau: Organisation
    city_bureau: Organisation
    supervision_office: Organisation
    county_bureau: Organisation
    other_bureau: Organisation
    plant: Organisation
    other_plant: Organisation
    housing_bureau: Organisation
    administrator: User
    security_administrator: User
    auditor: User
    province_duty_officer: User
    city_duty_officer: User
    supervisor: User
    duty_officer: User
    plant_officer: User
    outsider: User
    outside_plant_officer: User
    dispatcher: User
    responsible_unit: User
    enterprise: User
    viewer: User

    @property
    def users(self) -> dict[str, User]:
        """Everyone by the name above."""
        return {
            name: who for name in self.__slots__ if isinstance(who := getattr(self, name), User)
        }


def _regions() -> dict[str, Region]:
    return {
        code: Region.objects.get_or_create(
            code=code,
            defaults={
                "name": name,
                "short_name": short,
                "level": level,
                "parent_id": parent,
                "sort": int(code),
            },
        )[0]
        for code, name, short, level, parent in _REGIONS
    }


def _organisation(
    name: str, kind: Organisation.Kind, region: Region, parent: Organisation | None = None
) -> Organisation:
    return Organisation.objects.create(name=name, kind=kind, region=region, parent=parent)


def employ(username: str, name: str, organisation: Organisation, *roles: Role) -> User:
    """Someone who holds roles where he works: over the plant, or over the bureau's region."""
    user = User.objects.create_user(
        username=username, password=PASSWORD, name=name, organisation=organisation
    )
    for role in roles:
        at_home = organisation.kind in SITES or role in OF_AN_ORGANISATION
        Grant.objects.create(
            user=user,
            role=role,
            organisation=organisation if at_home else None,
            region=None if at_home else organisation.region,
            since=LONG_AGO,
            why="the standing cast",
        )
    return user


def _user(username: str, name: str, role: Role, organisation: Organisation) -> User:
    return employ(username, name, organisation, role)


def assemble() -> Cast:
    """Bring the cast into an empty database."""
    kind, role, region = Organisation.Kind, Role, _regions()
    department = _organisation("云南省应急管理厅", kind.BUREAU, region["530000"])
    city = _organisation("昆明市应急管理局", kind.BUREAU, region["530100"], department)
    county = _organisation("安宁市应急管理局", kind.BUREAU, region["530181"], city)
    other = _organisation("曲靖市麒麟区应急管理局", kind.BUREAU, region["530302"], department)
    office = _organisation("昆明市督查室", kind.SUPERVISION_OFFICE, region["530100"])
    plant = _organisation("安宁示范铝业", kind.PLANT, region["530181"], county)
    housing = _organisation("安宁市住房和城乡建设局", kind.GOVERNMENT_OFFICE, region["530181"])
    elsewhere = _organisation("麒麟示范铝业", kind.PLANT, region["530302"], other)
    return Cast(
        province=region["530000"],
        city=region["530100"],
        county=region["530181"],
        neighbour_county=region["530124"],
        other_county=region["530302"],
        province_bureau=department,
        city_bureau=city,
        supervision_office=office,
        county_bureau=county,
        other_bureau=other,
        plant=plant,
        other_plant=elsewhere,
        housing_bureau=housing,
        security_administrator=_user(
            "anquanguanli", "周敏", role.SECURITY_ADMINISTRATOR, department
        ),
        auditor=_user("shenji", "吴静", role.AUDITOR, department),
        dispatcher=_user("diaodu", "孙磊", role.DISPATCHER, county),
        responsible_unit=_user("zhujian", "郑凯", role.RESPONSIBLE_UNIT, housing),
        enterprise=_user("changzhang", "钱建", role.ENTERPRISE, plant),
        viewer=_user("chakan", "冯雪", role.VIEWER, county),
        administrator=_user("admin", "管理员", role.ADMINISTRATOR, department),
        province_duty_officer=_user("shengting", "和志强", role.DUTY_OFFICER, department),
        city_duty_officer=_user("shiju", "杨晓梅", role.DUTY_OFFICER, city),
        supervisor=_user("ducha", "李建国", role.SUPERVISOR, office),
        duty_officer=_user("xianju", "张伟", role.DUTY_OFFICER, county),
        plant_officer=_user("anquanyuan", "王芳", role.PLANT_SAFETY_OFFICER, plant),
        outsider=_user("waixian", "陈志强", role.DUTY_OFFICER, other),
        outside_plant_officer=_user("waichang", "刘洋", role.PLANT_SAFETY_OFFICER, elsewhere),
    )
