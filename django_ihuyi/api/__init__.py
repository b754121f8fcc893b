"""The REST API for a site's own front ends and services: off until ``IHUYI["API"]`` says who may use it."""
