"""People, the dataset, results. Knows forms and omr. Stays free of imports, so that the dataset loads without Flask.

The rooms; each module's first line says what it is for:

    dataset/              people's accounts, surveys, readings, decisions, answers; knows no Flask
    results/              tables and exports made out of the dataset
    views/                the pages: respondents, desk, review, results, account
    commands              cli clitools commands_instance commands_forms commands_paper commands_scans
                          commands_results
    what both do          printing wording jobs preview
    the site's frame      app config server roles headers bodylimit brake
    what pages share      language looks asbrowsers phonefiles contactscripts
    static/phone/         the script of a phone: one file a room, as plain modules
    static/contacts/      the scripts of the sign-up page and the keeper's page, likewise
"""
