"""The forms that the tables of decisions have had."""
