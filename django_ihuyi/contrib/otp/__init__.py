"""A device of `django-otp <https://django-otp-official.readthedocs.io/>`_ that gets its tokens by SMS, as an app."""
