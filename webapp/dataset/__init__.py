"""The dataset of one association: SQLite, readings, decisions, answers. Knows no Flask.

The rooms; each module's first line says what it is for:

    the instance          instance store database schema keys lock clock errors
    what people do        accounts surveys parameters dates runs
    from phones           sealing tray
    for interviews        contacts contactfile keepers
    from paper            intake pictures ink pages choices decisions refused details notes
    what counts           answers materialise responses renew
    what can be vouched   log verify verify_tables
"""
