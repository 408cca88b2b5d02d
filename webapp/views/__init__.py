"""The pages: thin, all work is done below.

The rooms; each module's first line says what it is for:

    what all views share  here told words errors
    respondents           respond formview posted phone phonedata phonewords
    interviews            signup keeper
    the desk              desk paper upload review results account crops testwords quarantine notes
"""
