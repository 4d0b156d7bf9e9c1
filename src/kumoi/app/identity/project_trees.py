"""Projects in projects, and their tags: the doors, and what others' doors must ask of the tree."""

from msgspec.structs import replace

from kumoi.app.house import House
from kumoi.app.identity.held import above, below
from kumoi.app.identity.people import check_empty, end_project, project
from kumoi.app.writing import Thing, commit, record
from kumoi.contracts.store import Transaction
from kumoi.core.call import Call
from kumoi.core.errors import Forbidden, Invalid, NotFound
from kumoi.core.ids import ProjectId
from kumoi.core.policy import allow
from kumoi.core.project_tags import TAGS_MOST, is_tag
from kumoi.core.tenancy import Project


def parents(house: House, call: Call, project_id: ProjectId) -> list[Project]:
    """The projects that this one is in, the nearest first."""
    found = project(house, call, project_id)
    return house.store.read(lambda tx: above(tx, found))


def subtree(house: House, call: Call, project_id: ProjectId) -> list[Project]:
    """All projects in this one, those nearer to it first."""
    project(house, call, project_id)
    return house.store.read(lambda tx: below(tx, (project_id,)))


def switch_all(house: House, call: Call, project_id: ProjectId, *, enabled: bool) -> Project:
    """The project and all in it. A project in one that is disabled cannot be enabled."""
    allow(call, "identity.write")

    def write(tx: Transaction) -> Project:
        top = _known(tx, project_id)
        if enabled and not all(parent.enabled for parent in above(tx, top)):
            raise Forbidden("identity", action="project.update", needs=[], reason="parent_disabled")
        for one in below(tx, (project_id,)):
            tx.projects.save(replace(one, enabled=enabled))
        record(tx, house, call, "project.update", Thing("project", project_id, project_id))
        return tx.projects.save(replace(top, enabled=enabled))

    return house.store.write(write)


def delete_all(house: House, call: Call, project_id: ProjectId) -> None:
    """The project and all in it, every one of which must be disabled, and empty (InUse)."""
    allow(call, "identity.write")

    def write(tx: Transaction) -> None:
        doomed = [*reversed(below(tx, (project_id,))), _known(tx, project_id)]
        for one in doomed:
            if one.enabled:
                raise Forbidden("identity", action="project.delete", needs=[], reason="not_disabled", name=one.name)
            check_empty(tx, one.id)
        for one in doomed:
            end_project(tx, house, call, one.id)

    commit(house, write)


def set_tags(house: House, call: Call, project_id: ProjectId, tags: tuple[str, ...]) -> Project:
    """These and no others; a doubled one counts once."""
    allow(call, "identity.write")
    return house.store.write(lambda tx: _tag(tx, house, call, project_id, tags))


def add_tag(house: House, call: Call, project_id: ProjectId, tag: str) -> Project:
    allow(call, "identity.write")
    return house.store.write(lambda tx: _tag(tx, house, call, project_id, (*_known(tx, project_id).tags, tag)))


def remove_tag(house: House, call: Call, project_id: ProjectId, tag: str) -> None:
    allow(call, "identity.write")

    def write(tx: Transaction) -> None:
        held = _known(tx, project_id).tags
        if tag not in held:
            raise NotFound("identity", kind="tag", id=tag)
        _tag(tx, house, call, project_id, tuple(one for one in held if one != tag))

    house.store.write(write)


def check_tag(house: House, call: Call, project_id: ProjectId, tag: str) -> None:
    """NotFound unless the project has it."""
    if tag not in project(house, call, project_id).tags:
        raise NotFound("identity", kind="tag", id=tag)


def _tag(tx: Transaction, house: House, call: Call, project_id: ProjectId, tags: tuple[str, ...]) -> Project:
    old = _known(tx, project_id)
    done = replace(old, tags=checked_tags(tags))
    record(tx, house, call, "project.update", Thing("project", project_id, project_id))
    return tx.projects.save(done)


def checked_tags(tags: tuple[str, ...]) -> tuple[str, ...]:
    """In their order, each once. Invalid for one that cannot be, or too many."""
    for tag in tags:
        if not is_tag(tag):
            raise Invalid("identity", field="tags", reason="bad_name", value=tag)
    once = tuple(dict.fromkeys(tags))
    if len(once) > TAGS_MOST:
        raise Invalid("identity", field="tags", reason="too_many", most=TAGS_MOST)
    return once


def _known(tx: Transaction, project_id: str) -> Project:
    found = tx.projects.get(project_id)
    if found is None:
        raise NotFound("identity", kind="project", id=project_id)
    return found
