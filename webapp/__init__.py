"""People, the dataset, results. Knows forms and omr. Stays free of imports, so that the dataset loads without Flask."""
