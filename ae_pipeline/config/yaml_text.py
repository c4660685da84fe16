"""YAML text → plain values, by the rules of YAML 1.2: what looks like text is text.

PyYAML implements YAML 1.1, where `1:30` is ninety, `yes`, `no`, `on` and `off` are booleans,
`1_000` is a number and `010` is eight. It also lets the last of two equal keys win. Nobody means
any of this.
"""

from __future__ import annotations

import re
from typing import Any  # values of a YAML tree have no static type

import yaml


class YamlError(ValueError):
    """A text is not valid YAML; the message says why and where, in one line."""


class _Loader(yaml.SafeLoader):
    """PyYAML's safe loader with the scalars of YAML 1.2's core schema and unique keys."""


#: Tag, form and first characters of scalars other than text, in the order they are tried.
_SCALARS = (
    ("bool", "true|True|TRUE|false|False|FALSE", "tTfF"),
    ("null", "~|null|Null|NULL|", "~nN\0"),
    ("int", "[-+]?[0-9]+", "-+0123456789"),
    ("float", r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?", "-+.0123456789"),
    ("float", r"[-+]?\.(inf|Inf|INF)|\.(nan|NaN|NAN)", "-+."),
    ("merge", "<<", "<"),
)
_Loader.yaml_implicit_resolvers = {}
for _tag, _form, _first in _SCALARS:
    _Loader.add_implicit_resolver(
        f"tag:yaml.org,2002:{_tag}",
        re.compile(f"(?:{_form})\\Z"),
        ["" if first == "\0" else first for first in _first],
    )


def load_yaml(text: str) -> Any:
    """The value of one YAML document; None if the document is empty.

    Raises:
        YamlError: it is not valid YAML or repeats a key; the message has the line.
    """
    try:
        return yaml.load(text, _Loader)  # noqa: S506  a safe loader
    except yaml.MarkedYAMLError as error:
        raise YamlError(_located(error)) from None
    except yaml.reader.ReaderError as error:
        line = text.count("\n", 0, error.position) + 1
        raise YamlError(f"a control character, line {line}") from None
    except RecursionError:
        raise YamlError("nested too deeply") from None
    except (yaml.YAMLError, ValueError, OverflowError) as error:
        raise YamlError(str(error)) from None


def _located(error: yaml.MarkedYAMLError) -> str:
    problem = error.problem or error.context or "not understood"
    if "'\\t'" in problem:
        problem = "a tab, where YAML wants spaces"
    if problem.startswith("expected <block end>"):
        problem = "an indentation that does not match the lines above"
    mark = error.problem_mark or error.context_mark
    return problem if mark is None else f"{problem}, line {mark.line + 1}, column {mark.column + 1}"


def _mapping(loader: _Loader, node: yaml.Node) -> dict[Any, Any]:
    """A mapping; only keys merged by `<<` may be repeated."""
    if not isinstance(node, yaml.MappingNode):
        raise yaml.constructor.ConstructorError(None, None, "not a mapping", node.start_mark)
    first: dict[str, yaml.Node] = {}
    for key, _ in node.value:
        name = str(key.value)
        if name in first and key.tag != "tag:yaml.org,2002:merge":
            raise yaml.constructor.ConstructorError(
                None,
                None,
                f"{name} is repeated, first in line {_line(first[name])}",
                key.start_mark,
            )
        first[name] = key
    loader.flatten_mapping(node)
    return loader.construct_mapping(node, deep=True)


def _line(node: yaml.Node) -> int:
    return int(node.start_mark.line) + 1


def _integer(loader: _Loader, node: yaml.ScalarNode) -> int:
    """Decimal, leading zeros allowed; more digits than Python converts are an error."""
    return int(loader.construct_scalar(node))


def _real(loader: _Loader, node: yaml.ScalarNode) -> float:
    text = loader.construct_scalar(node).lower()
    return float(text.replace(".inf", "inf").replace(".nan", "nan"))


_Loader.add_constructor("tag:yaml.org,2002:map", _mapping)
_Loader.add_constructor("tag:yaml.org,2002:int", _integer)
_Loader.add_constructor("tag:yaml.org,2002:float", _real)
