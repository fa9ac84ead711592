"""The tests: a folder for each of the packages, and what they share."""
