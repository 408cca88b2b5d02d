"""Tables and exports made out of the dataset: tables counts, codebook says what a column means, exports writes files."""
