"""OpenAPI 3.1 document of the API and its page: enabled by ``IHUYI["API"]["SCHEMA"]``; extra ``openapi``."""
