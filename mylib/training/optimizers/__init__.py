"""SGDW and AdamW: weight decay apart from the gradient, and the penalty that it is not."""
