"""Thousands to millions of sites: each feature its own project, one row each, resumable, in bounded memory."""
