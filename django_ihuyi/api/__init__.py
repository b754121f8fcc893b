"""REST API for front ends and services of the site. Nobody has access before ``IHUYI["API"]`` grants it."""
