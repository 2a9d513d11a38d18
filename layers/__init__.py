"""What each protection layer is: kinds and their fields, accuracy and coverage, import, the workspace."""
