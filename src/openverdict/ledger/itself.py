"""The program as the log names it, where it acts without anybody having asked; and why it does."""

PROGRAM, HOUSEKEEPING = "openverdict", "administration"
