"""What Celery is told of the tasks."""

from __future__ import annotations

import pytest
from celery import current_app

from django_ihuyi import tasks
from django_ihuyi.schedule import BEAT_SCHEDULE


@pytest.mark.parametrize("name", ["submit_message", "submit_batch", "deliver_webhook"])
def test_a_task_whose_worker_is_killed_goes_back_to_the_broker(name: str) -> None:
    task = current_app.tasks[f"django_ihuyi.tasks.{name}"]
    assert (task.acks_late, task.reject_on_worker_lost) == (True, True)


@pytest.mark.parametrize(
    "name", [name for name, entry in BEAT_SCHEDULE.items() if isinstance(entry["schedule"], float)]
)
def test_what_beat_publishes_while_no_worker_runs_is_not_done_many_times_later(name: str) -> None:
    entry = BEAT_SCHEDULE[name]
    assert hasattr(tasks, entry["task"].removeprefix("django_ihuyi.tasks."))
    assert entry["options"]["expires"] >= entry["schedule"]
