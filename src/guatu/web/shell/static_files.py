"""Static files: hashed and compressed where they were collected, plain where they were not yet."""

from whitenoise.storage import (  # type: ignore[import-untyped]
    CompressedManifestStaticFilesStorage,
)


class HashedFiles(CompressedManifestStaticFilesStorage):  # type: ignore[misc]
    """Hashed names from the manifest; without one (a developer's tree, tests), plain names."""

    # Our modules import each other by relative names: those lead to the hashed files too.
    support_js_module_import_aggregation = True

    def url(self, name: str | None, force: bool = False) -> str:  # noqa: FBT001, FBT002 - Django's signature
        """The address of a file, hashed where a manifest says how."""
        if not self.hashed_files and not force:
            return f"{self.base_url}{name}"
        return str(super().url(name, force))
