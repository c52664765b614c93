"""deskcheck-evals: what a model that desk-checks is worth, in numbers with error bars."""
