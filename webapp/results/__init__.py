"""Tables and exports made out of the dataset."""
