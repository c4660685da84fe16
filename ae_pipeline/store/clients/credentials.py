"""Credentials that somebody lends to the clients of stores for a while, such as a flow for its run.

They lie in this process's memory alone. Worker processes get them by `packed_credentials` over a
private line; workers elsewhere load them anew, by the name of the block.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from importlib import import_module
from typing import NoReturn

from ae_pipeline.errors import ConfigError
from ae_pipeline.store.clients.values import checked, masked

#: The beginnings of names that the clouds' own tools give to options.
_PREFIXES = ("aws_", "azure_storage_", "azure_", "google_")
_SYNONYMS = {
    "token": "session_token",
    "access_key": "account_key",
    "sas_token": "sas_key",
    "endpoint_url": "endpoint",
    "base_url": "endpoint",
}


class Credentials:
    """Options of a client by obstore's names; they show as `***`, and no pickle takes them.

    Args:
        options: with or without the prefix of their cloud, such as `aws_access_key_id`.

    Raises:
        ConfigError: a value is not one of its option, as `checked` says.
    """

    __slots__ = ("_options",)

    def __init__(self, options: Mapping[str, str]) -> None:
        plain = ((_plain(name), value) for name, value in options.items())
        self._options = {name: checked(name, value) for name, value in plain}

    def __repr__(self) -> str:
        return "Credentials(***)"

    def __reduce__(self) -> NoReturn:
        raise TypeError("credentials are not pickled")

    def reveal(self) -> dict[str, str]:
        """Return the options, for a client."""
        return dict(self._options)

    def hidden(self, text: str) -> str:
        """Return a text with `***` for every value that is in it."""
        return masked(text, self._options.values())


Loan = dict[str, Credentials]
#: By blocks; the newest last.
_loans: list[Loan] = []
#: Modules that load the credentials of a block where nobody lends them; the newest last.
_loaders: list[str] = []


@contextmanager
def lending(loan: Loan, loader: str) -> Iterator[None]:
    """Lend credentials to all clients that are made inside.

    Args:
        loan: credentials by the names of their blocks.
        loader: module whose `load_in_worker` returns those of a block, on a cluster.
    """
    if not loan:
        yield
        return
    _loans.append(loan)
    _loaders.append(loader)
    try:
        yield
    finally:
        _loaders.remove(loader)
        _loans[:] = [one for one in _loans if one is not loan]


def lent(block: str) -> Credentials:
    """Return the credentials of a block.

    Raises:
        ConfigError: nobody lends them, or this worker cannot load them.
    """
    found = next((loan[block] for loan in reversed(_loans) if block in loan), None)
    if found is not None:
        return found
    if _loaders:
        loaded: Credentials = import_module(_loaders[-1]).load_in_worker(block)
        return loaded
    raise ConfigError(
        "a Prefect block has the credentials, and only flows load blocks",
        where="stores",
        got=f"block: {block}",
        remedy="use `ae-pipeline run`, or leave `block` out and set them in the environment",
    )


def loader_now() -> str | None:
    """Return the module that loads credentials, which workers are told."""
    return _loaders[-1] if _loaders else None


def use_loader(loader: str | None) -> None:
    """Load credentials, in a worker, by this module from now on."""
    _loaders[:] = [] if loader is None else [loader]


def packed_credentials() -> bytes:
    """Return all that is lent, for a line that nobody else reads."""
    merged = {block: one.reveal() for loan in _loans for block, one in loan.items()}
    return json.dumps(merged).encode()


def take_credentials(packed: bytes) -> None:
    """Use, in a worker process, what the job's process has packed, and nothing else."""
    _loans[:] = [{block: Credentials(one) for block, one in json.loads(packed).items()}]


def _plain(name: str) -> str:
    lowered = name.lower()
    prefix = next((one for one in _PREFIXES if lowered.startswith(one)), "")
    plain = lowered.removeprefix(prefix)
    return _SYNONYMS.get(plain, plain)
