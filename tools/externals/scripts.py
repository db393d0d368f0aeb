"""Scripts that an environment's activation and deactivation run."""

from __future__ import annotations

from externals.archive import Entry


def activation(name: str, variables: dict[str, str], building: dict[str, str]) -> list[Entry]:
    """Scripts that set variables on activation and put the old values back on deactivation.

    Parameters
    ----------
    name
        Of the scripts.
    variables
        Set always.
    building
        Appended to those of `variables` during a recipe's build (CONDA_BUILD=1), when `$PREFIX`
        is the environment that is built into.
    """
    lines, back = [], []
    for variable, value in variables.items():
        lines += [
            f'if [ -n "${{{variable}+x}}" ]; then',
            f'  export CONDA_BACKUP_{variable}="${{{variable}}}"',
            "fi",
            f'export {variable}="{value}"',
        ]
        back += [
            f'if [ -n "${{CONDA_BACKUP_{variable}+x}}" ]; then',
            f'  export {variable}="${{CONDA_BACKUP_{variable}}}"',
            f"  unset CONDA_BACKUP_{variable}",
            "else",
            f"  unset {variable}",
            "fi",
        ]
    if building:
        lines.append('if [ "${CONDA_BUILD:-0}" = "1" ]; then')
        lines += [
            f'  export {variable}="${{{variable}}} {value}"' for variable, value in building.items()
        ]
        lines.append("fi")
    return [
        Entry(f"etc/conda/activate.d/{name}.sh", "".join(f"{line}\n" for line in lines).encode()),
        Entry(f"etc/conda/deactivate.d/{name}.sh", "".join(f"{line}\n" for line in back).encode()),
    ]
