"""Orders, what they cost and what they leave behind: blotter, models of costs, ledger, metrics."""
