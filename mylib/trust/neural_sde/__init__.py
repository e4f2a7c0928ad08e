"""Neural differential equations: solvers, the adjoint, SDE-Net, and uncertainty in two parts."""
