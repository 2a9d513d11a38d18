"""A site and layers in, findings and a verdict out; what a verdict shows and exports."""
