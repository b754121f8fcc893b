"""A small real site that uses django-ihuyi: sign-up by number, orders whose shipping sends a notice, the admin."""
