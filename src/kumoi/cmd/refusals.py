"""Refusals as a person at a shell reads them: one sentence that says what is wrong, and what would help.

What an API refuses has its words at the edge; here are those of this machine's own part.
"""

from typing import Final

from kumoi.api.edge.text import say
from kumoi.core.errors import Forbidden, KumoiError, NotFound, Taken, Unavailable

# By the fact `reason`; a sentence that needs more facts than there are is not used.
_UNAVAILABLE: Final[dict[str, str]] = {
    "boots_or_closed": "Nobody answers at {what} port 22 ({detail}). Does the guest still boot, is there a security "
    "group rule for ssh? See kumoi why and openstack console log show.",
    "cannot_be_made": "{path} cannot be made or used ({detail}). Name another place with --state DIR.",
    "closed": "{what} cannot be opened by this user. See kumoi doctor.",
    "disk_full": "The disk is full. Make room, then do it again.",
    "does_not_end": "The {what} does not end. See kumoi status.",
    "ended": "The {what} ended. Its last words:",
    "guest_at_risk": "{what} may not start: it would end guest {guest}, whose {missing} is gone.",
    "incomplete": "Not everything has ended. Do it again, and see kumoi status.",
    "keeps_dying": "{what} keeps dying (last: {ended}). Its last words:",
    "missing": "There are no credentials in this cloud's folder yet. Start it: kumoi up",
    "never_started": "This cloud has never been up. Start it: kumoi up",
    "no_answer": "The {what} does not answer ({detail}). See kumoi status; start it: kumoi up",
    "no_such_state_folder": "There is no cloud in {path}. Make one with kumoi up, or name another with --state DIR.",
    "no_terminal": "A console needs a terminal, and standard input is none. For what was printed so far: openstack "
    "console log show",
    "no_previous": "There is no version to go back to: this cloud was not upgraded since.",
    "no_database": "The database from before the upgrade, {path}, is gone.",
    "none": "{user} has no range of ids in {table}. See kumoi doctor.",
    "none_reachable": "No address of server {id} can be reached. Give it a floating IP.",
    "not_given": "No certificate was given yet. Give it: kumoi up --tls-certificate FILE --tls-key FILE",
    "not_installed": "{what} is missing. As root: apt-get install {package}",
    "not_permitted": "This user may make no namespaces ({detail}). See kumoi doctor.",
    "not_ready": "Not ready within {timeout_s} s; waiting for: {what}. See kumoi status and kumoi logs.",
    "not_running": "The cloud is not up. Start it: kumoi up",
    "permission": "{path} is not this user's. Call this as its owner or as root.",
    "program_gone": "The version before is not on this machine any more ({path}). Call ./kumoi of its clone once.",
    "processes_left": "Processes are left inside: {pids}.",
    "refused": "{what} refused: {detail}",
    "simulated": "The guests of a simulated cloud are played: there is no shell in them.",
    "still_up": "The cloud is up. First: kumoi down",
    "unreadable": "{path} cannot be read by the cloud's user. Call ./kumoi, which makes a copy that can.",
}
_PORT: Final = "Port {name} is taken. Choose another with --port, or none: then the next free one is used."
_FILE: Final = "There is a file {name} already: nothing is written over."
_CLOUD: Final = "There is a cloud in {name}. Name another folder with --state DIR, or replace this one: --replace"
_UPLINK: Final = "This changes the machine's own network: call it as root."
_THING: Final = "Nothing is called {id}: no name, id, EC2 id, address or device."
_LOG: Final = "There is no log of {id}; there are: {known}."
_STATE_FOLDER: Final = "{path} belongs to {owner}. Call this as that user or as root, or use --state DIR."


def sentence(error: KumoiError) -> str:
    """`layer: sentence`; code and facts where there is none."""
    said = error.facts.get("detail") if str(error.facts.get("reason")).startswith("HTTP ") else None
    return f"{error.layer}: {said or _own(error) or _edge(error)}"


def _own(error: KumoiError) -> str | None:
    template = None
    if isinstance(error, Unavailable):
        template = _UNAVAILABLE.get(str(error.facts.get("reason")))
    elif isinstance(error, Forbidden) and error.facts.get("action") == "state_folder":
        template = _STATE_FOLDER
    elif isinstance(error, Forbidden) and error.facts.get("action") == "uplink":
        template = _UPLINK
    elif isinstance(error, Taken):
        template = {"port": _PORT, "file": _FILE, "cloud": _CLOUD}.get(str(error.facts.get("kind")))
    elif isinstance(error, NotFound):
        template = {"thing": _THING, "log": _LOG}.get(str(error.facts.get("kind")))
    facts = {k: ", ".join(map(str, v)) if isinstance(v, list) else v for k, v in error.facts.items()}
    try:
        return template and template.format_map(facts)
    except KeyError:
        return None


def _edge(error: KumoiError) -> str:
    if isinstance(error, Unavailable):
        facts = " ".join(f"{k}={v}" for k, v in error.facts.items() if k != "log")
        return f"{error.code} {facts}"
    return say(error)
