"""What concerns a feature is in the API, and in its document, only if the feature is installed."""

from __future__ import annotations

import json
from itertools import chain

import pytest

from tests.features import run_without

SCRIPT = """
    import json, sys
    from django.urls import resolve
    from django_ihuyi.api.base import Nowhere
    from django_ihuyi.api.openapi.generator import document

    made = document()
    found = {
        "missing": [path for path in {paths} if resolve("/ihuyi/api/v1/" + path).func.cls is Nowhere],
        "described": sorted(made["paths"]),
        "tags": [tag["name"] for tag in made["tags"]],
        "schemas": sorted(made["components"]["schemas"]),
        "loaded": [name for name in {modules} if "django_ihuyi." + name in sys.modules],
    }
    print(json.dumps(found))
"""
VERIFICATION, DASHBOARD = "django_ihuyi.verification", "django_ihuyi.dashboard"
PATHS = {VERIFICATION: ["verifications/", "verifications/check/"], DASHBOARD: ["stats/"]}
SCHEMAS = {VERIFICATION: {"SentCode", "CheckedCode"}, DASHBOARD: {"Stats"}}
MODULES = {VERIFICATION: ["api.verifications"], DASHBOARD: ["api.stats", "api.figures", "api.openapi.figures"]}


@pytest.mark.parametrize("left_out", [(), (VERIFICATION,), (DASHBOARD,), (VERIFICATION, DASHBOARD)], ids=str)
def test_api__features_left_out__has_and_describes_what_is_installed(left_out: tuple[str, ...]) -> None:
    paths, modules = list(chain(*PATHS.values())), list(chain(*MODULES.values()))
    script = SCRIPT.replace("{paths}", repr([*paths, "messages/"])).replace("{modules}", repr(modules))
    found = json.loads(run_without(*left_out, script=script))

    assert found["missing"] == [path for feature in left_out for path in PATHS[feature]]
    described = {f"/{path}" for feature in PATHS.keys() - set(left_out) for path in PATHS[feature]}
    assert {path for path in found["described"] if path[1:] in paths} == described
    assert "/messages/" in found["described"]
    assert ("verifications" in found["tags"]) == (VERIFICATION not in left_out)
    for feature, schemas in SCHEMAS.items():
        assert bool(schemas & set(found["schemas"])) == (feature not in left_out)
    assert found["loaded"] == [name for feature in MODULES if feature not in left_out for name in MODULES[feature]]
