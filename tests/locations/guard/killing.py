"""Copies of the guard's script that end, as by ``kill -9``, before a command of one's choice."""

import re

_NO_COMMAND = re.compile(r"#|fi\b|done\b|esac\b|else\b|elif\b|\}|\)|;;|'$|$")
_CHANGE = re.compile(
    r"\b(mv|rm|mkdir|ln|sync|kill(?! -0)|su|sudo|exec|exit|setsid|flock)\b|>(?!/dev/null)"
)
_CALL = re.compile(r"(?<![\w${])g_\w+\b(?!=)")
_PATTERN = re.compile(r"[^()]*[^()\s]\)( |$)")


def with_points(text, point):
    """Return the script with something before each command.

    Args:
        text: The script.
        point: Returns what stands before the command on a line, given the number of the line.
    """
    lines = text.splitlines()
    first = next(n for n, line in enumerate(lines) if line.endswith("() {"))
    made, in_case = lines[:first], []
    for number, line in enumerate(lines[first:], first):
        goes_on = lines[number - 1].endswith(("|", "&&", "\\"))
        made.append(line if goes_on else _with_point(line, in_case, point(number)))
    return "\n".join(made) + "\n"


def readers(text):
    """Return the names of the functions of the script that change nothing, nor call one that does."""
    bodies = {}
    for number, line in enumerate(text.splitlines()):
        if not line.lstrip().startswith("#"):
            bodies.setdefault(function_at(text, number), []).append(line)
    calls = {name: set(_CALL.findall("\n".join(body))) for name, body in bodies.items()}
    found = {name for name, body in bodies.items() if not _CHANGE.search("\n".join(body))}
    while changing := {name for name in found if calls[name] & bodies.keys() - found}:
        found -= changing
    return found


def function_at(text, number):
    """Return the name of the function that a line of the script is of; empty if of none."""
    name = ""
    for line in text.splitlines()[: number + 1]:
        if re.fullmatch(r"\w+\(\) \{.*", line):
            name = line.partition("(")[0]
        elif line == "}":
            name = ""
    return name


def _with_point(line, in_case, before):
    bare = line.strip()
    indent = line[: len(line) - len(line.lstrip())]
    if bare.startswith("esac"):
        in_case.pop()
        return line
    if in_case and in_case[-1] == len(indent) - 2 and _PATTERN.match(bare):
        head = _PATTERN.match(bare)[0]
        rest = bare[len(head) :]
        return f"{indent}{head}{before}{rest}" if rest else line
    if re.match(r"case .* in$", bare):
        in_case.append(len(indent))
    if bare.endswith("=$?") or bare == "return":
        return line  # what stands before it would be what it asks for, or tells
    if _NO_COMMAND.match(bare) or re.fullmatch(r"\w+\(\) \{.*", bare):
        return line
    return f"{indent}{before}{bare}"


def points(text):
    """Return the numbers of the lines that have a command, but in functions that only read."""
    marked = with_points(text, lambda number: f"@{number}@")
    passed, quoted = readers(text), _quoted(text)
    found = {int(number) for number in re.findall(r"@(\d+)@", marked)} - quoted
    return [line for line in sorted(found) if function_at(text, line) not in passed]


def _quoted(text):
    """Return the numbers of the lines that begin within a text in quotes: another shell runs them."""
    found, quote = set(), ""
    for number, line in enumerate(text.splitlines()):
        if quote:
            found.add(number)
        before = " "
        for char in line:
            if not quote and char == "#" and before == " ":
                break
            if char in ("'", '"') and before != "\\" and quote in ("", char):
                quote = "" if quote else char
            before = char
    return found


def tracing(text):
    """Return the script so that it notes the lines that it comes to, in the file ``$TRACE``."""
    return with_points(text, lambda number: f'[ -z "${{TRACE-}}" ] || echo {number} >>"$TRACE"; ')


def traced(path):
    """Return the numbers of the lines that were noted in a file, in order."""
    return list(map(int, path.read_text().split())) if path.exists() else []


def deadly(text):
    """Return the script so that the first who comes to the line ``$DIES`` dies; it has a file ``$LIFE``."""
    dies = 'mv "$LIFE" "$LIFE.over" 2>/dev/null && kill -9 $$'
    return with_points(text, lambda number: f'[ "${{DIES-}}" != {number} ] || {{ {dies}; }}; ')
