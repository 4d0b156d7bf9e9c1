"""The loops of control: number what doors marked, find routers a home, purge what is proved or past its time, audit."""
