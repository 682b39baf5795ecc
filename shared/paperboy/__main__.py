"""`python -m paperboy`: are the files good that a user edits, the policy, the languages and the pages' templates?

`sam build` asks before it builds, so that a mistake in one of them stops a build and not the first run.
"""

from __future__ import annotations

import sys
from typing import get_args

from paperboy.announcements import FOLDER as ANNOUNCEMENTS
from paperboy.archive import FOLDER as ARCHIVE
from paperboy.languages.language import Code, LanguageError, load_language
from paperboy.pages.templates import PAGES, TemplateError, check_templates
from paperboy.papers.policy import PolicyError, load_policy

MISTAKES = (PolicyError, LanguageError, TemplateError)
"""What each file's mistakes are raised as: the message names the file, and the key or the line."""


def check_files() -> None:
    """Read the policy, each language and each template. Raises one of MISTAKES."""
    load_policy()
    for folder in (PAGES, ARCHIVE, ANNOUNCEMENTS):
        check_templates(folder)
    for code in get_args(Code):
        load_language(code)


if __name__ == "__main__":
    try:
        check_files()
    except MISTAKES as error:
        sys.exit(str(error))
