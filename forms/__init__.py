"""What is asked, and how it looks on paper. Knows no image, no database, no web.

The rooms, in the order in which data flows; each module's first line says what it is for:

    what is asked         model answers routing conditions places rules errors
    definition in, out    definition tomllines tomltable draft kinds consistency tomlwrite
    what check says       check advice
    XLSForm in, out       xlsform xlsform_cells xlsform_choices xlsform_questions xlsform_relevant xlsform_rows
                          xlsform_survey xlsform_texts xlsform_write
    a sheet, set          phrases unbroken typeface drawing blocks tables envelope pages compose
    other paper           slips signup information testpage webaddress
    what reading needs    layout corners markers pagecode
    print                 qr pdf
"""
