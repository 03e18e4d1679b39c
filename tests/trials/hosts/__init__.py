"""A week on three hosts with one luigid, one bucket and one TMDB, to which something happens.

`network` makes the hosts: network namespaces on a bridge. `hub` is the host on which luigid, the
bucket and TMDB run, `disturbances` what happens, `judge` compares the documents and the runs with
those of an undisturbed week.
"""
