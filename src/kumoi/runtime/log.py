"""JSON lines on stderr: one object an event, with the request's id where there is one.

The supervisor points stderr at `STATE/logs/NAME.log`. Events are names with facts, not prose.
"""

import logging
import sys
from typing import Final

import structlog

from kumoi.runtime.settings import LogLevel

_LEVELS: Final = {
    "debug": logging.DEBUG,
    "info": logging.INFO,
    "warning": logging.WARNING,
    "error": logging.ERROR,
}


def configure(program: str, level: LogLevel = "info") -> None:
    """Once a process, first thing in `main`. Libraries that use `logging` come out the same way."""
    shared: list[structlog.typing.Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True, key="at"),
        structlog.processors.format_exc_info,
    ]
    structlog.configure(
        processors=[*shared, structlog.processors.JSONRenderer()],
        wrapper_class=structlog.make_filtering_bound_logger(_LEVELS[level]),
        logger_factory=structlog.WriteLoggerFactory(file=sys.stderr),
        cache_logger_on_first_use=True,
    )
    structlog.contextvars.bind_contextvars(program=program)
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=[*shared, structlog.stdlib.add_logger_name],
            processors=[
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                structlog.processors.JSONRenderer(),
            ],
        )
    )
    # Libraries are louder than we are at the same level.
    logging.basicConfig(handlers=[handler], level=max(_LEVELS[level], logging.WARNING), force=True)


def get(**facts: object) -> structlog.typing.FilteringBoundLogger:
    """A logger that says these facts with every event."""
    logger: structlog.typing.FilteringBoundLogger = structlog.get_logger(**facts)
    return logger


def bind(**facts: object) -> None:
    """Facts (request_id, host…) for every event of this context from here on."""
    structlog.contextvars.bind_contextvars(**facts)


def unbind(*names: str) -> None:
    structlog.contextvars.unbind_contextvars(*names)
