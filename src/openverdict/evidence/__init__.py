"""The evidence variables: consistency priors, kernels, background rates, and the explanation of one pair."""
