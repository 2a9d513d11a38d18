"""Sites against zones: pieces, true boundary edges, distance, relation, and the proof of a hit."""
