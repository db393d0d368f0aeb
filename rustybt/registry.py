"""Named factories of the parts of a simulation that an extension can replace."""

from __future__ import annotations

from typing import TYPE_CHECKING, Generic, TypeVar, overload

if TYPE_CHECKING:
    from collections.abc import Callable

Part = TypeVar("Part")
Factory = TypeVar("Factory", bound="Callable[[], object]")

_registries: dict[type, Registry[object]] = {}


class Registry(Generic[Part]):
    """Factories of the kinds of one part, by name.

    Parameters
    ----------
    interface : type
        Base class of what the factories make.
    """

    def __init__(self, interface: type[Part]) -> None:
        self.interface = interface
        self._factories: dict[str, Callable[[], Part]] = {}

    def load(self, name: str) -> Part:
        """Return what the factory of that name makes.

        Raises
        ------
        ValueError
            If there is none.
        """
        try:
            factory = self._factories[name]
        except KeyError:
            raise ValueError(
                f"no {self.interface.__name__} is registered as {name!r}; there are: "
                f"{', '.join(sorted(self._factories)) or 'none'}"
            ) from None
        return factory()

    def is_registered(self, name: str) -> bool:
        """Tell whether there is a factory of that name."""
        return name in self._factories

    def register(self, name: str, factory: Callable[[], Part]) -> None:
        """Give a factory a name.

        Raises
        ------
        ValueError
            If another has it.
        """
        if self.is_registered(name):
            raise ValueError(
                f"a {self.interface.__name__} is already registered as {name!r}: "
                "unregister it first or choose another name"
            )
        self._factories[name] = factory

    def unregister(self, name: str) -> None:
        """Forget the factory of that name.

        Raises
        ------
        ValueError
            If there is none.
        """
        if self._factories.pop(name, None) is None:
            raise ValueError(f"no {self.interface.__name__} is registered as {name!r}")

    def clear(self) -> None:
        """Forget all factories."""
        self._factories.clear()


def create_registry(interface: type[Part]) -> type[Part]:
    """Make a class one whose kinds can be registered; usable as its decorator.

    Raises
    ------
    ValueError
        If it is one already.
    """
    if interface in _registries:
        raise ValueError(f"{interface.__name__} has a registry already")
    _registries[interface] = Registry(interface)
    return interface


extensible = create_registry


def get_registry(interface: type) -> Registry[object]:
    """Return the registry of a class.

    Raises
    ------
    ValueError
        If it has none.
    """
    try:
        return _registries[interface]
    except KeyError:
        raise ValueError(
            f"{interface!r} is not a part that extensions can replace; these are: "
            f"{', '.join(part.__name__ for part in _registries)}"
        ) from None


def load(interface: type[Part], name: str) -> Part:
    """Return what the factory registered for a class under a name makes.

    Raises
    ------
    ValueError
        If there is none.
    """
    made = get_registry(interface).load(name)
    if not isinstance(made, interface):
        raise TypeError(f"the {interface.__name__} registered as {name!r} made {made!r}")
    return made


@overload
def register(interface: type, name: str) -> Callable[[Factory], Factory]: ...
@overload
def register(interface: type, name: str, custom_class: Factory) -> Factory: ...
def register(
    interface: type, name: str, custom_class: Factory | None = None
) -> Factory | Callable[[Factory], Factory]:
    """Register a factory, such as a subclass, for a class; usable as the factory's decorator.

    Parameters
    ----------
    interface : type
        The class, such as `rustybt.finance.blotter.Blotter`.
    name : str
        Name to load it by.
    custom_class : callable, optional
        Makes an instance when called without arguments.

    Raises
    ------
    ValueError
        If the name is taken.
    """

    def take(factory: Factory) -> Factory:
        get_registry(interface).register(name, factory)
        return factory

    return take if custom_class is None else take(custom_class)


def unregister(interface: type, name: str) -> None:
    """Forget the factory registered for a class under a name.

    Raises
    ------
    ValueError
        If there is none.
    """
    get_registry(interface).unregister(name)


def clear(interface: type) -> None:
    """Forget all factories registered for a class."""
    get_registry(interface).clear()
