"""Effectors: methods of a type that users and other entities may invoke."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Coroutine, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeVar, overload

from brookline.errors import InvalidInput
from brookline.values.coercion import Uncoercible, coerce

if TYPE_CHECKING:
    from brookline.model.entity import Entity

_MARK = "__brookline_effector__"
_REQUIRED = inspect.Parameter.empty

Method = TypeVar("Method", bound=Callable[..., Coroutine[Any, Any, Any]])


@dataclass(frozen=True, slots=True)
class Parameter:
    """What an effector takes.

    Attributes:
        name: AMP's name, such as ``stopMachineMode``.
        type: What a value is coerced to.
        default: Used when it is not given.
        description: For people.
        required: Whether it must be given.
        argument: Name of the method's own argument, when that differs.
    """

    name: str
    type: Any = str
    default: Any = None
    description: str = ""
    required: bool = False
    argument: str = ""


@dataclass(frozen=True, slots=True)
class Effector:
    """A declared effector.

    Attributes:
        name: AMP's name, such as ``start``.
        method: Name of the method that does it, looked up on the entity, so subclasses override.
        parameters: What it takes.
        returns: Type of the result.
        description: First paragraph of the method's docstring.
    """

    name: str
    method: str
    parameters: tuple[Parameter, ...]
    returns: Any
    description: str

    def arguments(self, given: Mapping[str, Any]) -> dict[str, Any]:
        """Return the method's keyword arguments; what it does not declare is ignored, as in AMP.

        Raises:
            InvalidInput: If a value does not fit its type, or a required one is absent.
        """
        arguments = {}
        for parameter in self.parameters:
            value = given.get(parameter.name, parameter.default)
            if value is None and parameter.required:
                raise InvalidInput(f"effector '{self.name}' needs parameter '{parameter.name}'")
            try:
                typed = coerce(value, parameter.type)
            except Uncoercible as error:
                message = f"effector '{self.name}', parameter '{parameter.name}': {error}"
                raise InvalidInput(message) from error
            arguments[parameter.argument or parameter.name] = typed
        return arguments

    def call(self, entity: Entity, op: Any, given: Mapping[str, Any]) -> Coroutine[Any, Any, Any]:
        """Return the work of this effector on an entity, not yet begun.

        Raises:
            InvalidInput: As `arguments` does.
        """
        arguments = self.arguments(given)
        work: Coroutine[Any, Any, Any] = getattr(entity, self.method)(op, **arguments)
        return work


@dataclass(frozen=True, slots=True)
class _Mark:
    name: str
    parameters: tuple[Parameter, ...] | None


@overload
def effector(method: Method) -> Method: ...


@overload
def effector(
    *, name: str = "", parameters: tuple[Parameter, ...] | None = None
) -> Callable[[Method], Method]: ...


def effector(
    method: Method | None = None,
    *,
    name: str = "",
    parameters: tuple[Parameter, ...] | None = None,
) -> Method | Callable[[Method], Method]:
    """Declare a method ``async def name(self, op, …)`` as an effector.

    Args:
        method: The method, when the decorator is used without arguments.
        name: AMP's name; the method's own by default.
        parameters: What it takes; by default what the method takes after `op`, by those names.
    """

    def mark(function: Method) -> Method:
        setattr(function, _MARK, _Mark(name or function.__name__, parameters))
        return function

    return mark if method is None else mark(method)


def declared_effector(attribute: str, function: Any) -> Effector | None:
    """Return what was declared by decorating this method, or None."""
    mark = getattr(function, _MARK, None)
    if not isinstance(mark, _Mark):
        return None
    hints = _hints(function)
    parameters = mark.parameters
    if parameters is None:
        taken = list(inspect.signature(function).parameters.values())[2:]
        parameters = tuple(_parameter(one, hints) for one in taken)
    description = inspect.cleandoc(function.__doc__ or "").partition("\n\n")[0].replace("\n", " ")
    return Effector(mark.name, attribute, parameters, hints.get("return", Any), description)


def _parameter(taken: inspect.Parameter, hints: Mapping[str, Any]) -> Parameter:
    required = taken.default is _REQUIRED
    default = None if required else taken.default
    return Parameter(taken.name, hints.get(taken.name, Any), default, required=required)


def _hints(function: Any) -> dict[str, Any]:
    """Return the types of a method; one that exists for type checkers only counts as Any."""
    hints = {}
    for name, annotation in inspect.get_annotations(function).items():
        try:
            hints[name] = eval(annotation, function.__globals__)  # noqa: S307 - our own source
        except NameError:
            hints[name] = Any
        except TypeError:
            hints[name] = annotation
    return {name: type(None) if hint is None else hint for name, hint in hints.items()}
