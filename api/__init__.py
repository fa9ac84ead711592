"""The REST door: routes, requests and answers, authentication, errors and their descriptions."""
