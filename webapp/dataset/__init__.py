"""The dataset of one association: SQLite, readings, decisions, answers. Knows no Flask."""
