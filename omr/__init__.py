"""What stands on a scanned page. Knows forms; no database, no web.

The rooms, in the order in which data flows; each module's first line says what it is for:

    file to page image    images pdfpages heic pictures
    whose page, and where markers register clearer pair identify codegrid printedcode slips bend outlines
    what stands there     samples shade measure closer streaks limits zones glance stray strikes spills handwriting
    what it means         policy calibration pen fading interpret readings errors
    printer test page     testpage printtest
    all of it             reader batch patience cluster overlay
"""
