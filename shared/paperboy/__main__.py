"""`python -m paperboy`: are the files good that a user edits, the policy and the languages?

`sam build` asks before it builds, so that a mistake in one of them stops a build and not the first run.
"""

from __future__ import annotations

import sys
from typing import get_args

from paperboy.languages.language import Code, LanguageError, load_language
from paperboy.papers.policy import PolicyError, load_policy


def check_files() -> None:
    """Read the policy and each language. Raises PolicyError or LanguageError, which name the file and the key."""
    load_policy()
    for code in get_args(Code):
        load_language(code)


if __name__ == "__main__":
    try:
        check_files()
    except (PolicyError, LanguageError) as error:
        sys.exit(str(error))
