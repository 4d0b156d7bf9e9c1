"""The plugs: each implements a contract with one outside thing. Named only in cmd."""
