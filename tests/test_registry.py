"""Parts of a simulation are registered, loaded and forgotten by name."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from rustybt import registry

if TYPE_CHECKING:
    from collections.abc import Iterator


@registry.extensible
class Part:
    """A part that extensions can replace."""


class Mine(Part):
    """A kind of it."""


@pytest.fixture(autouse=True)
def _empty() -> Iterator[None]:
    yield
    registry.clear(Part)


def test_register_and_load() -> None:
    assert registry.register(Part, "a", Mine) is Mine
    assert registry.register(Part, "b")(Mine) is Mine
    assert type(registry.load(Part, "a")) is Mine
    assert registry.load(Part, "b") is not registry.load(Part, "b")
    assert registry.get_registry(Part).is_registered("a")
    registry.unregister(Part, "a")
    assert not registry.get_registry(Part).is_registered("a")


def test_names_are_unique() -> None:
    registry.register(Part, "a", Mine)
    with pytest.raises(ValueError, match="a Part is already registered as 'a'"):
        registry.register(Part, "a", Mine)


def test_unknown_names() -> None:
    with pytest.raises(ValueError, match="no Part is registered as 'a'; there are: none"):
        registry.load(Part, "a")
    registry.register(Part, "c", Mine)
    registry.register(Part, "b", Mine)
    with pytest.raises(ValueError, match="no Part is registered as 'a'; there are: b, c"):
        registry.load(Part, "a")
    with pytest.raises(ValueError, match="no Part is registered as 'a'"):
        registry.unregister(Part, "a")


def test_what_is_loaded_is_of_the_kind() -> None:
    registry.register(Part, "a", dict)
    with pytest.raises(TypeError, match=r"the Part registered as 'a' made \{\}"):
        registry.load(Part, "a")


def test_only_extensible_classes_have_registries() -> None:
    with pytest.raises(
        ValueError, match=r"'int'> is not a part that extensions can replace; .*Part"
    ):
        registry.load(int, "a")
    with pytest.raises(ValueError, match="Part has a registry already"):
        registry.create_registry(Part)
