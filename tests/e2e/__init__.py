"""The main job with real processes: the sandbox gateway, a Celery worker and the example site."""
