"""The forms that the tables of the record have had, one after another."""
