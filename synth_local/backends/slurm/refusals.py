"""Why Slurm refused, and what a user can do about it: a fix for each cause that it names.

Pure. The words are those of Slurm 20 to 25; a message that is not known gets a general fix.
"""

from __future__ import annotations

GENERAL = (
    "read what Slurm says: correct what it names in the site file, or ask whoever runs the cluster"
)
# the first that matches counts; all in lower case
_CAUSES: tuple[tuple[tuple[str, ...], str], ...] = (
    (
        (
            "could not establish a configuration source",
            "failed to fetch config",
            "dns srv lookup failed",
            "unable to status file",
            "unable to process configuration file",
        ),
        "Slurm's commands find no slurm.conf on this machine: call this on a login node of the "
        "cluster, or set SLURM_CONF to the cluster's file",
    ),
    (
        ("munge", "protocol authentication error", "authentication plugin", "invalid auth"),
        "this machine is not known to the cluster (MUNGE is down, or has another key): call this "
        "on a login node, or ask whoever runs the cluster",
    ),
    (
        ("incompatible versions", "protocol version"),
        "Slurm's commands here are of another version than the cluster: call this on a login node",
    ),
    (
        ("invalid account",),
        "set account in the site file, and a partition that it may use; yours are listed by: "
        "sacctmgr show associations user=$USER format=account,partition,qos",
    ),
    (
        ("invalid partition", "no partition specified", "partition not found"),
        "set partition in the site file; the cluster's are listed by: sinfo -s",
    ),
    (
        ("invalid qos",),
        "set qos in the site file; yours are listed by: "
        "sacctmgr show associations user=$USER format=account,partition,qos",
    ),
    (
        ("not permitted to use this partition", "access/permission denied", "access denied"),
        "set another partition or account in the site file, or ask for access",
    ),
    (
        ("generic resource", "invalid gres", "invalid tres", "gres specification"),
        "set gres (or gpus) of the stage in the site file to what the nodes have; listed by: "
        "sinfo -o '%P %G'",
    ),
    (
        ("time limit",),
        "set time of the stage in the site file to what the partition allows; listed by: "
        "sinfo -o '%P %l'",
    ),
    (
        ("job array", "array specification"),
        "set array.max_index in the site file to the cluster's MaxArraySize, or array.size lower",
    ),
    (
        ("accounting/qos policy", "limit", "quota"),
        "the cluster limits how much one may submit: set fewer shards or a smaller array.size in "
        "the site file, ask for less, or submit again when earlier jobs have ended",
    ),
    (
        ("memory specification", "memory required by task"),
        "set memory of the stage in the site file to what a node has; listed by: sinfo -o '%P %m'",
    ),
    (
        (
            "node configuration is not available",
            "partition configuration not available",
            "more processors requested",
            "node count specification",
            "unable to satisfy cpu",
        ),
        "no node has what a stage asks for: set cpus, memory, gpus, gres, nodes or processes in "
        "the site file lower; nodes are listed by: sinfo -o '%P %c %m %G'",
    ),
    (
        ("invalid feature", "feature specification"),
        "correct --constraint in options of the site file; features are listed by: "
        "sinfo -o '%P %f'",
    ),
    (
        ("reservation", "license"),
        "correct options in the site file: the cluster does not know what they name",
    ),
    (
        ("unrecognized option", "invalid option", "unknown option", "invalid argument"),
        "correct options in the site file: this version of Slurm does not take them",
    ),
)


def find_fix(said: str) -> str:
    """Return what a user can do about a message of Slurm's.

    Returns:
        A line; a general one where the cause is not known.
    """
    lowered = said.lower()
    return next((fix for signs, fix in _CAUSES if any(sign in lowered for sign in signs)), GENERAL)
