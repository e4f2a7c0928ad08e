"""The walls, the processes behind them, and what may pass between those."""
