"""``sanxian georeference``: a file a way; what they end in is stored or written by ``storing``."""
