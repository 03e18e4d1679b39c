"""What the rules demand, in Korean; the report itself says it in English."""

from __future__ import annotations

AMOUNTS = frozenset(
    ("rows_repeated", "repeated", "popularity_scale", "votes_unusual", "years_unusual")
)
"""Rules whose figures are amounts; all others have shares where they lie between 0 and 1."""

RULE_WORDS = {
    "id": "id는 0보다 큰 정수여야 합니다",
    "title": "제목(title)이 비어 있지 않아야 합니다",
    "original_title": "원제(original_title)가 비어 있지 않아야 합니다",
    "original_language": "원어(original_language)는 두 글자 코드여야 합니다",
    "overview_type": "줄거리(overview)는 글이어야 합니다",
    "genre_ids": "장르(genre_ids)는 정수 목록이어야 합니다",
    "vote_average": "평점(vote_average)은 0~10 사이의 수여야 합니다",
    "vote_count": "투표 수(vote_count)는 0 이상의 정수여야 합니다",
    "popularity": "인기도(popularity)는 0 이상의 수여야 합니다",
    "flags": "adult와 video는 참 또는 거짓이어야 합니다",
    "image_paths": "이미지 경로는 글이거나 null이어야 합니다",
    "release_date_form": "개봉일은 실제로 있는 YYYY-MM-DD 날짜여야 합니다",
    "release_date_range": "개봉일은 있을 수 있는 범위 안이어야 합니다",
    "rated_without_votes": "투표가 없는 영화에는 평점도 없어야 합니다",
    "adult": "성인물(adult)로 표시된 영화가 없어야 합니다",
    "overview_language": "줄거리가 요청한 언어로 되어 있어야 합니다",
    "overview_missing": "줄거리가 있어야 합니다",
    "release_date_missing": "개봉일이 있어야 합니다",
    "genres_missing": "장르가 하나 이상 있어야 합니다",
    "poster_missing": "포스터가 있어야 합니다",
    "release_far_ahead": "개봉일이 너무 먼 미래가 아니어야 합니다",
    "backdrop_missing": "배경 이미지가 있어야 합니다",
    "no_votes": "투표가 한 건 이상 있어야 합니다",
    "votes_few": "투표 수가 너무 적지 않아야 합니다",
    "list_empty": "목록에 영화가 있어야 합니다",
    "list_size": "목록이 요청한 만큼 채워져 있어야 합니다",
    "films_valid": "목록의 영화가 필수 규칙을 지켜야 합니다",
    "genre_ignored": "장르 목록의 영화가 그 장르에 속해야 합니다",
    "list_short": "요청한 모든 페이지에 영화가 있어야 합니다",
    "list_duplicates": "한 영화는 목록에 한 번만 있어야 합니다",
    "rows_repeated": "두 페이지에 겹쳐 온 영화가 거의 없어야 합니다",
    "list_miscounted": "total_collected가 실제 영화 수와 같아야 합니다",
    "order": "정렬된 목록은 그 순서를 지켜야 합니다",
    "fields": "영화의 필드가 알려진 것과 같아야 합니다",
    "list_late": "목록은 해당 날짜에 수집되어야 합니다",
    "repeated": "목록이 이전 수집과 똑같이 되풀이되지 않아야 합니다",
    "overlap": "이전 목록의 영화가 어느 정도 남아 있어야 합니다",
    "ranks": "순위가 한꺼번에 뒤섞이지 않아야 합니다",
    "new_films": "처음 보는 영화가 너무 많지 않아야 합니다",
    "popularity_scale": "인기도의 규모가 평소와 비슷해야 합니다",
    "overviews_unusual": "빈 줄거리의 비율이 평소와 비슷해야 합니다",
    "votes_unusual": "투표 수가 평소와 비슷해야 합니다",
    "years_unusual": "개봉 연도가 평소와 비슷해야 합니다",
}
