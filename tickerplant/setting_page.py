"""The page docs/reference/settings.md, made from the models of the settings."""

from collections.abc import Iterator
from operator import attrgetter
from pathlib import Path
from types import NoneType, UnionType
from typing import Annotated, Any, Literal, Union, get_args, get_origin

from pydantic import BaseModel, SecretStr
from pydantic.fields import FieldInfo

from runtime.settings import PREFIX, Settings
from tickerplant.reference_page import HEAD, table

_SECTIONS_OF_TESTS = ("faults",)


def settings() -> str:
    """Every key with its variable, type, default and meaning."""
    parts = [
        HEAD.format(source="runtime/settings/", title="Settings"),
        "Later wins: the default, `tickerplant.toml` (or the file that `TICKERPLANT_CONFIG` names), the environment, the command line. Unknown keys are\n"
        "refused wherever they stand. `tickerplant config show` prints what holds, secrets masked; `tickerplant config check` says what is wrong.\n"
        "In the environment a list is JSON: `TICKERPLANT_BINANCE__SYMBOLS='[\"BTC-USDT\"]'`.\n\n",
    ]
    plain = {name: field for name, field in Settings.model_fields.items() if _section(field) is None}
    parts.append(_settings_table("", PREFIX, plain))
    for name, field in Settings.model_fields.items():
        if (model := _section(field)) and name not in _SECTIONS_OF_TESTS:
            parts.append(f"\n## {name}\n\n{(model.__doc__ or '').strip()}\n\n")
            parts.append(_settings_table(f"{name}.", f"{PREFIX}{name.upper()}__", dict(_leaves(model))))
    return "".join(parts)


def _section(field: FieldInfo) -> type[BaseModel] | None:
    annotation = field.annotation
    return annotation if isinstance(annotation, type) and issubclass(annotation, BaseModel) else None


def _leaves(model: type[BaseModel], prefix: str = "") -> Iterator[tuple[str, FieldInfo]]:
    """Fields without fields of their own, nested names joined by dots. A nested section's default overrides its class's."""
    for name, field in model.model_fields.items():
        key = prefix + (field.alias or name)
        inner = _section(field)
        if inner is None:
            yield key, field
            continue
        for leaf, leaf_field in _leaves(inner, f"{key}."):
            shown = leaf_field._copy()
            if isinstance(field.default, BaseModel):
                shown.default = attrgetter(leaf.removeprefix(f"{key}."))(field.default)
            yield leaf, shown


def _settings_table(prefix: str, variable: str, fields: dict[str, FieldInfo]) -> str:
    rows = [
        (f"`{prefix}{key}`", f"`{variable}{key.upper().replace('.', '__')}`", _type(field.annotation), _default(field), _meaning(field))
        for key, field in fields.items()
    ]
    return table(("key", "environment", "type", "default", "meaning and limits"), rows)


def _type(annotation: Any) -> str:
    origin, arguments = get_origin(annotation), [a for a in get_args(annotation) if a is not NoneType]
    if origin is Annotated:
        return _type(arguments[0])
    if origin is Literal:
        return " or ".join(f"`{a}`" for a in arguments)
    if origin in (Union, UnionType):
        return " or ".join(_type(a) for a in arguments)
    if origin is tuple:
        return f"list of {_type(arguments[0])}"
    if origin is dict:
        return f"table of {_type(arguments[0])} to {_type(arguments[1])}"
    return {SecretStr: "secret", Path: "path", str: "text", int: "integer", float: "number", bool: "true or false"}.get(
        annotation, str(getattr(annotation, "__name__", annotation)).lower()
    )


def _default(field: FieldInfo) -> str:
    value = field.get_default(call_default_factory=True)
    if value is None or value == {}:
        return "none"
    if isinstance(value, tuple):
        return ", ".join(f"`{v}`" for v in value) or "none"
    return f"`{value}`" if value != "" else "none"


def _meaning(field: FieldInfo) -> str:
    limits = {"ge": "at least", "gt": "above", "le": "at most", "lt": "below"}
    said = [f"{word} {getattr(m, name):,}" for m in field.metadata for name, word in limits.items() if hasattr(m, name)]
    return "; ".join(filter(None, [field.description or "", ", ".join(said)]))
