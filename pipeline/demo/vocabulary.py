"""The vocabulary of the made-up movies, in several languages; every name in it is made up.

The columns of a row are translations of each other. An underscore is a space.
"""

from typing import NamedTuple


class Korean(str):
    """A Korean word that selects the particle that follows it: `f"{word:은/는}"`.

    The first particle follows a final consonant, the second a vowel.
    """

    def __format__(self, particles: str) -> str:
        """Add one of two particles; for 으로/로 a final ㄹ counts as a vowel."""
        if "/" not in particles:
            return str(self)
        after_consonant, after_vowel = particles.split("/")
        final = (ord(self[-1]) - 0xAC00) % 28 if "가" <= self[-1] <= "힣" else 0
        has_consonant = final != 0 and not (final == 8 and after_vowel == "로")
        return str(self) + (after_consonant if has_consonant else after_vowel)


class Noun(NamedTuple):
    """A noun in five languages, in Spanish and French with its article."""

    en: str
    ko: Korean
    ja: str
    es: str
    fr: str


class Term(NamedTuple):
    """An adjective, an occupation or a name in English and Korean."""

    en: str
    ko: Korean


def parse_table(table: str) -> tuple[tuple[str, ...], ...]:
    """Return the rows of a table: one in a line, the columns separated by `|`."""
    return tuple(tuple(line.split("|")) for line in table.strip().splitlines())


def _rows(table: str) -> tuple[tuple[str, ...], ...]:
    return parse_table("\n".join(table.split()).replace("_", " "))


def _nouns(table: str) -> tuple[Noun, ...]:
    return tuple(Noun(en, Korean(ko), ja, es, fr) for en, ko, ja, es, fr in _rows(table))


def _terms(table: str) -> tuple[Term, ...]:
    return tuple(Term(en, Korean(ko)) for en, ko in _rows(table))


NOUNS = _nouns("""
Lantern|등불|提灯|el_farol|la_lanterne Orchard|과수원|果樹園|el_huerto|le_verger
Ferry|나룻배|渡し船|el_transbordador|le_bac Pier|부두|桟橋|el_muelle|la_jetée
Compass|나침반|羅針盤|la_brújula|la_boussole Umbrella|우산|傘|el_paraguas|le_parapluie
Staircase|계단|階段|la_escalera|l'escalier Ledger|장부|帳簿|el_registro|le_registre
Beehive|벌집|蜂の巣|la_colmena|la_ruche Bakery|빵집|パン屋|la_panadería|la_boulangerie
Chimney|굴뚝|煙突|la_chimenea|la_cheminée Quarry|채석장|採石場|la_cantera|la_carrière
Teapot|찻주전자|急須|la_tetera|la_théière Kite|연|凧|la_cometa|le_cerf-volant
Glacier|빙하|氷河|el_glaciar|le_glacier Almanac|달력|暦|el_almanaque|l'almanach
Canal|운하|運河|el_canal|le_canal Drum|북|太鼓|el_tambor|le_tambour
Embers|잔불|残り火|las_brasas|les_braises Envelope|편지봉투|封筒|el_sobre|l'enveloppe
Fountain|분수|噴水|la_fuente|la_fontaine Gate|대문|門|el_portón|le_portail
Granary|곡물_창고|穀倉|el_granero|le_grenier Greenhouse|온실|温室|el_invernadero|la_serre
Hammock|그물_침대|ハンモック|la_hamaca|le_hamac Heron|왜가리|鷺|la_garza|le_héron
Hourglass|모래시계|砂時計|el_reloj_de_arena|le_sablier Inkwell|잉크병|墨壺|el_tintero|l'encrier
Key|열쇠|鍵|la_llave|la_clé Ladder|사다리|梯子|la_escala|l'échelle
Lagoon|석호|潟|la_laguna|le_lagon Loom|베틀|機織り|el_telar|le_métier
Map|지도|地図|el_mapa|la_carte Marsh|늪|沼|el_pantano|le_marais
Mill|방앗간|水車小屋|el_molino|le_moulin Mast|돛대|帆柱|el_mástil|le_mât
Needle|바늘|針|la_aguja|l'aiguille Notebook|공책|手帳|el_cuaderno|le_cahier
Observatory|천문대|天文台|el_observatorio|l'observatoire Oven|화덕|窯|el_horno|le_four
Parcel|소포|小包|el_paquete|le_colis Paper|종이|紙|el_papel|le_papier
Pendulum|시계추|振り子|el_péndulo|le_pendule Pharmacy|약국|薬局|la_farmacia|la_pharmacie
Plateau|고원|高原|la_meseta|le_plateau Postcard|엽서|葉書|la_postal|la_carte_postale
Puddle|웅덩이|水たまり|el_charco|la_flaque Quilt|누비이불|掛け布団|el_edredón|la_courtepointe
Radio|라디오|ラジオ|la_radio|la_radio Railway|철길|線路|la_vía|la_voie
Reef|암초|暗礁|el_arrecife|le_récif Reservoir|저수지|貯水池|el_embalse|le_réservoir
Ribbon|리본|リボン|la_cinta|le_ruban Roof|지붕|屋根|el_tejado|le_toit
Saddle|안장|鞍|la_montura|la_selle Salt|소금|塩|la_sal|le_sel Sail|돛|帆|la_vela|la_voile
Scarecrow|허수아비|案山子|el_espantapájaros|l'épouvantail Shelf|선반|棚|el_estante|l'étagère
Signal|신호|合図|la_señal|le_signal Sparrow|참새|雀|el_gorrión|le_moineau
Spoon|숟가락|匙|la_cuchara|la_cuillère Stamp|우표|切手|el_sello|le_timbre
Suitcase|여행_가방|鞄|la_maleta|la_valise Swing|그네|ぶらんこ|el_columpio|la_balançoire
Switchboard|전화_교환기|交換台|la_centralita|le_standard
Tailor|재단사|仕立て屋|el_sastre|le_tailleur Terrace|테라스|露台|la_terraza|la_terrasse
Thimble|골무|指ぬき|el_dedal|le_dé Thicket|덤불|茂み|el_matorral|le_fourré
Tide|밀물|潮|la_marea|la_marée Toll|통행료|通行料|el_peaje|le_péage
Tunnel|굴|隧道|el_túnel|le_tunnel Turbine|터빈|タービン|la_turbina|la_turbine
Violin|바이올린|バイオリン|el_violín|le_violon Wardrobe|옷장|箪笥|el_armario|l'armoire
Warehouse|창고|倉庫|el_almacén|l'entrepôt Weathervane|풍향계|風見鶏|la_veleta|la_girouette
Wheelbarrow|손수레|手押し車|la_carretilla|la_brouette Whistle|호루라기|笛|el_silbato|le_sifflet
Willow|버드나무|柳|el_sauce|le_saule Windowsill|창턱|窓辺|el_alféizar|le_rebord
Workshop|작업장|工房|el_taller|l'atelier Yarn|털실|毛糸|el_hilo|la_laine
Anchor|닻|錨|el_ancla|l'ancre Antenna|안테나|アンテナ|la_antena|l'antenne
Barley|보리|麦|la_cebada|l'orge Button|단추|釦|el_botón|le_bouton
Cellar|지하실|地下室|el_sótano|la_cave Comet|혜성|彗星|el_cometa|la_comète
Dam|댐|堰|la_presa|le_barrage Echo|메아리|こだま|el_eco|l'écho Fog|안개|霧|la_niebla|le_brouillard
Moss|이끼|苔|el_musgo|la_mousse Persimmon|감|柿|el_caqui|le_kaki
Pottery|도자기|陶器|la_cerámica|la_poterie
""")

_PORTABLE = """
Lantern Compass Umbrella Ledger Teapot Kite Almanac Drum Envelope Hourglass Inkwell Key Ladder Map
Needle Notebook Parcel Pendulum Postcard Quilt Radio Ribbon Saddle Spoon Stamp Suitcase Thimble
Violin Wardrobe Whistle Anchor Antenna Button
"""

PORTABLE_NOUNS = tuple(noun for noun in NOUNS if noun.en in _PORTABLE.split())
"""The things that a person can carry, hide or inherit."""

ADJECTIVES = _terms("""
Unpaid|미지급된 Crooked|비뚤어진 Borrowed|빌려_온 Sleepless|잠_못_드는 Half-Painted|칠하다_만
Patient|참을성_많은 Left-Handed|왼손잡이의 Leftover|남겨진 Secondhand|손때_묻은 Restless|쉬지_않는
Unsent|부치지_못한 Frostbitten|서리_맞은 Whispering|속삭이는 Paper-Thin|종이처럼_얇은 Amber|호박빛
Copper|구릿빛 Ashen|잿빛 Violet|보랏빛 Unnamed|이름_없는 Sunken|가라앉은 Drifting|떠도는
Stubborn|고집스러운 Polite|공손한 Hollow|속_빈 Rusted|녹슨 Weightless|무게_없는 Uninvited|불청객의
Early|이른 Overdue|때늦은 Folded|접힌 Unfinished|미완성의 Locked|잠긴 Nameless|무명의
Smiling|미소_짓는 Counterfeit|가짜 Salted|소금에_절인 Forgetful|잘_잊는 Runaway|달아난
Faraway|머나먼 Tidal|조수의 Painted|채색된 Mended|기워_입은 Unlikely|뜻밖의 Loyal|충직한
Winter|겨울의 Midnight|한밤의 Noonday|한낮의 Rainy|비_오는 Windless|바람_없는 Spare|여분의
Trembling|떨리는
""")

PERSON_NAMES = _terms("""
Oriel|오리엘 Tamsin|탬신 Jorun|요룬 Belisa|벨리사 Corvan|코번 Ilka|일카 Maren|마렌 Tobiah|토비아
Sefa|세파 Anselm|안셀름 Quill|퀼 Lioba|리오바 Davor|다보르 Nerys|네리스 Osric|오스릭 Petra|페트라
Rufina|루피나 Sander|산더르 Thessa|테사 Ulric|울릭 Vesna|베스나 Wendel|벤델 Xanthe|잔테
Yorick|요릭 Zelma|젤마 Bram|브람 Edda|에다 Fenno|페노 Gisla|기슬라 Haldor|할도르 Seorin|서린
Haejun|해준 Daon|다온 Yeoul|여울 Miro|미로 Garam|가람 Bomi|보미 Narin|나린 Hanul|한울 Sebin|세빈
""")

PLACE_NAMES = _terms("""
Marrowick|매로윅 Halvern|할번 Port_Sel|포트셀 Ostergate|오스터게이트 Lindemoor|린데무어
Kestrow|케스트로 Vallmere|발미어 Tarn_Hollow|탄할로 Brackwater|브랙워터 Sundervik|순데르비크
Calder_Bay|칼더만 Amberley_Fen|앰벌리펜 Northmoss|노스모스 Tollan_Ridge|톨란능선 Pellworth|펠워스
Issenburg|이센부르크 Dunmarrow|던매로 Greywick|그레이윅 Velasca|벨라스카 Montorre|몬토레
Cabo_Lirio|카보리리오 Santa_Brisa|산타브리사 Rivesel|리브셀 Aubrelle|오브렐 Kurosato|구로사토
Minazaki|미나자키 Haneura|하네우라 Sowolri|소월리 Cheongdam-go|청담고개 Byeolmeoru|별머루
Dalbit_Island|달빛섬 Neulbom|늘봄 Hyeonpo|현포 Garamgol|가람골 Onsaemi|온새미
""")

OCCUPATIONS = _terms("""
lock_repairer|자물쇠_수리공 night_bus_driver|심야버스_기사 retired_cartographer|은퇴한_지도_제작자
piano_tuner|피아노_조율사 rookie_detective|신참_형사 lighthouse_cook|등대_요리사 beekeeper|양봉가
failed_magician|실패한_마술사 radio_host|라디오_진행자 village_doctor|시골_의사
clock_restorer|시계_복원가 bank_clerk|은행_창구_직원 ferry_captain|나룻배_선장
deaf_sculptor|귀가_먼_조각가 court_painter|궁정_화가 storm_chaser|폭풍_추적자
school_janitor|학교_관리인 tax_collector|세금_징수원 puppet_maker|인형_제작자
satellite_engineer|위성_기술자 street_singer|거리의_가수 widowed_baker|홀로_된_제빵사
substitute_teacher|기간제_교사 museum_guard|박물관_경비원
""")
