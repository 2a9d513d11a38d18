"""What a careful reader would find wrong with the layers of a workspace: findings, never answers."""
