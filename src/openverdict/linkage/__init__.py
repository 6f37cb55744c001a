"""Every pair scored: the model compiled to integer tables, and the kernel that walks all n(n-1)/2 pairs."""
