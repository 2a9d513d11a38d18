"""Programs people run. Imported by nothing."""
