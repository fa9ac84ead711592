"""Benchmarks: figures, and ratios against a peer in the same run. They never fail a test."""
