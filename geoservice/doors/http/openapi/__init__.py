"""The description of the service as OpenAPI 3.0."""
