"""What the five cities' plans declare, as data, and how it stands against what a workspace holds."""
