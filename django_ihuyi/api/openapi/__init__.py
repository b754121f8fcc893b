"""The API's description in OpenAPI 3.1, and its page: off until ``IHUYI["API"]["SCHEMA"]``; the extra ``openapi``."""
