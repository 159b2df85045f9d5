"""OGC API – Features: what there is, features page by page, one feature, files."""
