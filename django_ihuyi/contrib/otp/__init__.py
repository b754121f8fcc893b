"""SMS device for `django-otp <https://django-otp-official.readthedocs.io/>`_."""
