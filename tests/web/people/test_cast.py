from tests.cast import Cast

from guatu.web.people import queries


def test_a_plant_sees_itself_and_a_bureau_all_in_its_region(cast: Cast) -> None:
    assert list(queries.visible_to(cast.plant_officer)) == [cast.plant]
    assert set(queries.visible_to(cast.duty_officer)) == {cast.county_bureau, cast.plant}
