"""The REST side: routes, models, OpenAPI, authentication and errors."""
