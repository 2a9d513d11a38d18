"""Rivers as a graph: joined, directed as far as that is known, measured along; what is broken stays broken."""
