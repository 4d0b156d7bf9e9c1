"""The pages, a file a noun: routes as data, parse, doors, render; and the page's words. Its template has the same name.

What does not belong here: rules, rights and quotas (doors have them), markup (templates/).
"""
