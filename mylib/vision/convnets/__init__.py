"""Deep convolutional networks: blocks, residual, aggregated and dense nets, what they cost and what they learn."""
