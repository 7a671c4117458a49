"""The ``$brooklyn:`` language: from its text and its map form to expressions, and back to text.

    $brooklyn:component("db").attributeWhenReady("main.uri")
    $brooklyn:formatString: ["http://%s/", $brooklyn:config("host")]

Arguments are texts in quotes, nested calls with or without the prefix, and, unlike in Brooklyn
1.1.0, bare numbers and truths. In the map form they may be any tree.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any, NoReturn

from brookline.blueprint.functions import FUNCTIONS, Function, On
from brookline.model.deferred import PREFIX, is_deferred
from brookline.model.types import did_you_mean

_NAME = re.compile(r"[A-Za-z_][\w-]*")
_NUMBER = re.compile(r"-?\d+(?:\.\d+)?")
_SPACES = re.compile(r"\s*")
_ESCAPE = re.compile(r"\\(u[0-9a-fA-F]{4}|.)", re.DOTALL)
_ESCAPES = {"n": "\n", "t": "\t", "r": "\r", "b": "\b", "f": "\f"}
_WORDS = {"true": True, "false": False, "null": None}
_DEEPEST = 50


class DslError(ValueError):
    """An expression cannot be read.

    Attributes:
        offset: Where, in characters from the beginning of the text.
    """

    def __init__(self, message: str, offset: int) -> None:
        super().__init__(message)
        self.offset = offset


@dataclass(frozen=True, slots=True)
class Call:
    """A call of a function; arguments are values, expressions, or trees that hold expressions."""

    name: str
    args: tuple[Any, ...]
    offset: int = field(default=0, compare=False)


@dataclass(frozen=True, slots=True)
class Index:
    """An element of a list or an entry of a map: ``[0]``, ``["key"]``."""

    key: Any


@dataclass(frozen=True, slots=True)
class Property:
    """A property of a result: ``.name``."""

    name: str


Step = Call | Index | Property


@dataclass(frozen=True, slots=True)
class Expression:
    """Steps, each on the result of the one before."""

    steps: tuple[Step, ...]

    def __str__(self) -> str:
        """Return the text form, prefix included; `component` is written as `entity`, as in AMP."""
        return PREFIX + _steps_text(self.steps)


def parse(value: Any) -> Expression:
    """Return the expression that a deferred value is, in its text or map form.

    Raises:
        DslError: If it cannot be read.
    """
    if isinstance(value, str):
        return parse_text(value)
    [(key, argument)] = value.items()
    return _map_form(parse_head(key), argument)


@lru_cache(maxsize=4096)
def parse_text(text: str) -> Expression:
    """Return the expression of a text that begins with the prefix.

    Raises:
        DslError: If it cannot be read.
    """
    parser = _Parser(text)
    expression = parser.expression(bare_end=False)
    parser.end()
    return expression


@lru_cache(maxsize=1024)
def parse_head(key: str) -> Expression:
    """Return the expression of the key of a map form, whose last step has no arguments yet.

    Raises:
        DslError: If it cannot be read.
    """
    parser = _Parser(key)
    expression = parser.expression(bare_end=True)
    parser.end()
    last = expression.steps[-1]
    if not isinstance(last, Call) or last.args:
        raise DslError("the key of a map form ends in the name of a function", 0)
    return expression


def shown(value: Any) -> Any:
    """Return a tree with its expressions in their text form, as REST shows unresolved ones."""
    if is_deferred(value):
        try:
            return str(parse(value))
        except DslError:
            return value
    if isinstance(value, dict):
        return {key: shown(item) for key, item in value.items()}
    if isinstance(value, list):
        return [shown(item) for item in value]
    return value


def problem(expression: Expression) -> tuple[str, int] | None:
    """Return what is wrong with the calls of an expression and where in its text, or None."""
    for number, step in enumerate(expression.steps):
        if isinstance(step, Call) and (wrong := _call_problem(step, first=number == 0)):
            return wrong, step.offset
        if isinstance(step, Call):
            for arg in step.args:
                if isinstance(arg, Expression) and (inner := problem(arg)):
                    return inner
    return None


def _call_problem(call: Call, *, first: bool) -> str:
    function = FUNCTIONS.get(call.name)
    if function is None:
        return f"unknown function '{call.name}'{did_you_mean(call.name, FUNCTIONS)}"
    if not function.supported:
        return f"the function '{call.name}' is not supported by this version yet"
    if not first and function.on is On.NOTHING:
        return f"the function '{call.name}' cannot follow another one"
    given = len(call.args)
    if not function.least <= given <= function.most:
        return f"the function '{call.name}' takes {_count(function)}, not {given}"
    return ""


def _count(function: Function) -> str:
    more = "" if function.least == function.most else " or more"
    return f"{function.least}{more} argument{'' if function.least == 1 and not more else 's'}"


def _map_form(head: Expression, argument: Any) -> Expression:
    last = head.steps[-1]
    assert isinstance(last, Call)
    single = last.name == "literal" or not isinstance(argument, list)
    args = (argument,) if single else tuple(argument)
    if not single or is_deferred(argument):
        args = tuple(parse(arg) if is_deferred(arg) else arg for arg in args)
    return Expression((*head.steps[:-1], Call(last.name, args, last.offset)))


class _Parser:
    """Recursive descent over one text."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._at = len(PREFIX) if text.startswith(PREFIX) else 0
        self._depth = 0

    def expression(self, *, bare_end: bool) -> Expression:
        self._depth += 1
        if self._depth > _DEEPEST:
            self._fail("nested too deep")
        steps: list[Step] = [self._call(bare_end=bare_end)]
        while (step := self._step(bare_end=bare_end)) is not None:
            steps.append(step)
        self._depth -= 1
        return Expression(tuple(steps))

    def end(self) -> None:
        self._skip()
        if self._at < len(self._text):
            self._fail(f"unexpected '{self._text[self._at :][:20]}'")

    def _step(self, *, bare_end: bool) -> Step | None:
        self._skip()
        if self._take("["):
            key = self._argument()
            self._expect("]")
            return Index(key)
        if not self._take("."):
            return None
        begin = self._at
        name = self._name()
        if self._peek() == "(":
            return Call(name, self._arguments(), begin)
        ends = bare_end and self._at >= len(self._text)
        return Call(name, (), begin) if ends else Property(name)

    def _call(self, *, bare_end: bool) -> Call:
        self._skip()
        begin = self._at
        name = self._name()
        if name == "function" and self._take("."):
            name = f"function.{self._name()}"
        if self._peek() == "(":
            return Call(name, self._arguments(), begin)
        rest = self._peek()
        if not bare_end and (rest == "" or rest not in ".["):
            self._fail(f"'{name}' needs parentheses, as in {name}(…)", begin)
        return Call(name, (), begin)

    def _arguments(self) -> tuple[Any, ...]:
        self._expect("(")
        args: list[Any] = []
        if self._take(")"):
            return ()
        while True:
            args.append(self._argument())
            if self._take(")"):
                return tuple(args)
            if not self._take(","):
                self._fail("expected ',' or ')' after an argument")

    def _argument(self) -> Any:
        letter = self._peek()
        if letter in ('"', "'") and letter:
            return self._quoted(letter)
        if match := _NUMBER.match(self._text, self._at):
            self._at = match.end()
            return float(match[0]) if "." in match[0] else int(match[0])
        match = _NAME.match(self._text, self._at)
        if match and match[0] in _WORDS and self._text[match.end() : match.end() + 1] in ",)] ":
            self._at = match.end()
            return _WORDS[match[0]]
        if self._text.startswith(PREFIX, self._at):
            self._at += len(PREFIX)
        elif match is None:
            self._fail("expected a text in double quotes, or a call")
        return self.expression(bare_end=False)

    def _quoted(self, quote: str) -> str:
        begin = self._at
        end = begin + 1
        while end < len(self._text) and self._text[end] != quote:
            end += 2 if self._text[end] == "\\" else 1
        if end >= len(self._text):
            self._fail("a quote is not closed", begin)
        self._at = end + 1
        return _ESCAPE.sub(_unescaped, self._text[begin + 1 : end])

    def _name(self) -> str:
        match = _NAME.match(self._text, self._at)
        if match is None:
            self._fail("expected the name of a function")
        self._at = match.end()
        return match[0]

    def _skip(self) -> None:
        match = _SPACES.match(self._text, self._at)
        assert match is not None
        self._at = match.end()

    def _peek(self) -> str:
        self._skip()
        return self._text[self._at : self._at + 1]

    def _take(self, letter: str) -> bool:
        if self._peek() != letter:
            return False
        self._at += 1
        self._skip()
        return True

    def _expect(self, letter: str) -> None:
        if not self._take(letter):
            self._fail(f"expected '{letter}'")

    def _fail(self, message: str, at: int | None = None) -> NoReturn:
        raise DslError(message, self._at if at is None else at)


def _unescaped(match: re.Match[str]) -> str:
    code = match[1]
    return chr(int(code[1:], 16)) if len(code) == 5 else _ESCAPES.get(code, code)


def _steps_text(steps: tuple[Step, ...]) -> str:
    text = ""
    for step in steps:
        match step:
            case Call(name, args):
                name = "entity" if name == "component" else name
                text += f"{'.' if text else ''}{name}({', '.join(map(_argument_text, args))})"
            case Index(key):
                text += f"[{_argument_text(key)}]"
            case Property(name):
                text += f".{name}"
    return text


def _argument_text(arg: Any) -> str:
    return _steps_text(arg.steps) if isinstance(arg, Expression) else json.dumps(shown(arg))
