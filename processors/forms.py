"""Forms of text that every stage accepts."""

import re

# Plain decimal text, also a JSON number: exponents, spaces, plus signs and leading zeros are the ingestor's to normalise. The bound on the digits
# keeps exact sums small: `1e999999999` is a finite decimal number, and a gigabyte when written out.
# No possessive quantifiers (`?+`): until Python 3.11.5 a group under one that fails halfway still counts what it has passed, and `5.` would be a number.
NUMBER = r"(?:0|[1-9][0-9]{0,23})(?:\.[0-9]{1,24})?"
is_number = re.compile(f"-?{NUMBER}").fullmatch
_is_symbol = re.compile(r"[A-Za-z0-9][A-Za-z0-9./_-]{0,31}").fullmatch


def is_symbol(text: str) -> bool:
    """A comma, colon or bar would break headers, keys and gap ids."""
    return _is_symbol(text) is not None
