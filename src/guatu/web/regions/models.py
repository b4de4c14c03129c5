"""Administrative divisions by GB/T 2260 code."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from guatu.core.nouns.place import Level, RegionCode


class RegionLevel(models.TextChoices):
    """Levels of core's place noun, with words."""

    PROVINCE = Level.PROVINCE.value, _("province level")
    PREFECTURE = Level.PREFECTURE.value, _("prefecture level")
    COUNTY = Level.COUNTY.value, _("county level")


class Region(models.Model):
    """A division; it is never deleted, only retired, for old records point to it."""

    code = models.CharField(_("code"), max_length=6, primary_key=True)
    name = models.CharField(_("name"), max_length=60)
    short_name = models.CharField(_("short name"), max_length=30)
    level = models.CharField(_("level"), max_length=10, choices=RegionLevel)
    parent = models.ForeignKey(
        "self",
        models.PROTECT,
        null=True,
        blank=True,
        related_name="children",
        verbose_name=_("parent"),
    )
    sort = models.PositiveIntegerField(_("order"), default=0)
    retired_at = models.DateTimeField(_("retired at"), null=True, blank=True)

    class Meta:
        """Order of the standard."""

        verbose_name = _("region")
        verbose_name_plural = _("regions")
        ordering = ("sort",)
        indexes = [models.Index(fields=("level", "sort"), name="regions_level_sort")]

    def __str__(self) -> str:
        return self.name

    @property
    def region_code(self) -> RegionCode:
        """Its code as core's value.

        Raises:
            ValueError: if the row holds no GB/T 2260 code, which the loader never writes.
        """
        return RegionCode(self.code)
