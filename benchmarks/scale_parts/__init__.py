"""What `benchmarks/scale.py` is made of: the job, the engines that run it, what the machine allows, and the page."""
