"""Tables and exports made out of the dataset: tables counts, codebook tells what a column means, exports writes."""
