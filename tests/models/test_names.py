"""What rows are called: in lists, logs and error reports, by numbers of ours and never by a person's."""

from __future__ import annotations

import pytest
from django.db.models import Model

from tests.features import our_models
from tests.migrations.round_trip import fill_one

pytestmark = pytest.mark.django_db

MOBILE = "13800138000"
MODELS = our_models()


@pytest.mark.parametrize("model", MODELS, ids=lambda model: model.__name__)
def test_a_row_is_called_by_nobodys_number(model: type[Model]) -> None:
    row = fill_one(model, 7)
    for name in ("mobile", "content", "msg"):
        if hasattr(row, name):
            setattr(row, name, MOBILE)
    assert str(row)
    assert MOBILE not in f"{row} {row!r}"
