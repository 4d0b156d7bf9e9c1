"""Who opened a console, and by what it is opened again.

Links that were given before are forgotten: they are minutes old.
"""

from alembic import op
from sqlalchemy import BigInteger, Column, text

from kumoi.adapters.sql.schema import TEXT

revision = "0026"
down_revision = "0025"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute(text("DELETE FROM console_tokens"))
    with op.batch_alter_table("console_tokens") as tokens:
        tokens.add_column(Column("actor", TEXT, nullable=False, server_default="{}"))
        tokens.add_column(Column("revocation", BigInteger, nullable=False, server_default="0"))
        tokens.add_column(Column("again", TEXT, nullable=False, server_default=""))
