-- The views of the warehouse: one text for SQLite and PostgreSQL. None compares popularity between
-- dates, because TMDB rescales it at times. `period` is day or week, the cadence of a list.

-- Where a movie stood in a list on a date.
CREATE VIEW ranks AS
SELECT entries.list, entries.date, snapshots.period, entries.rank, entries.movie_id, entries.title,
    entries.popularity, entries.vote_average, entries.vote_count, snapshots.late_by_days
FROM entries
JOIN snapshots ON snapshots.list = entries.list AND snapshots.date = entries.date;

-- How a movie moved since the snapshot before of the same list, however long ago that was. A movie
-- that is new in the list has no rank before.
CREATE VIEW movers AS
WITH pairs AS (
    SELECT list, date, late_by_days,
        LAG(date) OVER (PARTITION BY list ORDER BY date) AS date_before
    FROM snapshots
)
SELECT pairs.list, pairs.date, pairs.date_before, pairs.late_by_days, entries.movie_id,
    entries.title, entries.rank, earlier.rank AS rank_before, earlier.rank - entries.rank AS climbed,
    entries.vote_count, entries.vote_count - earlier.vote_count AS votes_gained
FROM pairs
JOIN entries ON entries.list = pairs.list AND entries.date = pairs.date
LEFT JOIN entries AS earlier ON earlier.list = pairs.list AND earlier.date = pairs.date_before
    AND earlier.movie_id = entries.movie_id
WHERE pairs.date_before IS NOT NULL;

-- The share of a list's movies that have a genre. A movie has several, so the shares of a date add
-- up to more than 1.
CREATE VIEW genre_share AS
WITH counts AS (
    SELECT list, date, genres, COUNT(*) AS movies FROM entries GROUP BY list, date, genres
), sums AS (
    SELECT counts.list, counts.date, genre_sets.genre_id, SUM(counts.movies) AS movies
    FROM counts JOIN genre_sets ON genre_sets.genres = counts.genres
    GROUP BY counts.list, counts.date, genre_sets.genre_id
)
SELECT sums.list, sums.date, snapshots.period, sums.genre_id, genres.name, genres.name_ko,
    CAST(sums.movies AS INTEGER) AS movies,
    CAST(sums.movies AS FLOAT) / snapshots.movies AS share
FROM sums
JOIN snapshots ON snapshots.list = sums.list AND snapshots.date = sums.date
LEFT JOIN genres ON genres.genre_id = sums.genre_id;

-- Each movie of a date's daily or weekly lists once, as consolidate merges them: the entry with the
-- most votes, and among equals that of the first list. CROSS JOIN has SQLite read entries as they lie.
CREATE VIEW merged_movies AS
SELECT snapshots.period, snapshots.date, entries.movie_id, entries.title, entries.popularity,
    entries.vote_average, entries.vote_count
FROM snapshots
CROSS JOIN entries
WHERE entries.list = snapshots.list AND entries.date = snapshots.date AND NOT EXISTS (
    SELECT 1
    FROM entries AS other
    JOIN snapshots AS its ON its.list = other.list AND its.date = other.date
    WHERE other.movie_id = entries.movie_id AND other.date = entries.date
        AND other.list <> entries.list AND its.period = snapshots.period
        AND (
            COALESCE(other.vote_count, -1) > COALESCE(entries.vote_count, -1)
            OR (
                COALESCE(other.vote_count, -1) = COALESCE(entries.vote_count, -1)
                AND its.position < snapshots.position
            )
        )
);

-- The movies that several lists of a period had on a date.
CREATE VIEW shared_movies AS
SELECT counts.period, counts.date, counts.movie_id,
    (
        SELECT MIN(entries.title) FROM entries
        WHERE entries.movie_id = counts.movie_id AND entries.date = counts.date
    ) AS title,
    counts.lists, counts.best_rank
FROM (
    SELECT snapshots.period, entries.date, entries.movie_id, COUNT(*) AS lists,
        MIN(entries.rank) AS best_rank
    FROM entries
    JOIN snapshots ON snapshots.list = entries.list AND snapshots.date = entries.date
    GROUP BY entries.movie_id, entries.date, snapshots.period
    HAVING COUNT(*) > 1
) AS counts;

-- The verdict on each period and date, and how many rules its lists violated.
CREATE VIEW quality AS
SELECT loads.period, loads.date, loads.verdict, loads.quality_score, loads.validation_rate,
    loads.late_by_days, loads.movies, COUNT(violations.rule) AS violations
FROM loads
LEFT JOIN violations ON violations.period = loads.period AND violations.date = loads.date
GROUP BY loads.period, loads.date, loads.verdict, loads.quality_score, loads.validation_rate,
    loads.late_by_days, loads.movies
