"""The order of the stages; what is decided is decided in them.

`cycle` is one tick (poll what is due, group what changed), `poll` one feed's turn, `links` a round of
the link queue, `digests` what is due for people, `delivery` a round of the outbox. `stages` is what they all work with.
Who groups the days is a `grouper`: this process (`local_grouper`), or one of its own (`grouping_process`), which is why
nothing is imported here: it would have to load what the others need.
"""
