"""Rule packs: what clauses say of a site, judged from a verdict and a project; the engine knows no law itself."""
