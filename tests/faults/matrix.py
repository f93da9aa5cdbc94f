"""The rows of the fault matrix: what is done to the program, and what its user sees of it."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Row:
    """One fault or attack.

    `proofs` name tests outside this folder that belong to the row, as `file::test`; `not_injected` says
    why no test here can bring the fault about, and is empty for all other rows.
    """

    id: str
    fault: str
    sees: str
    proofs: tuple[str, ...] = ()
    not_injected: str = ""

    @property
    def order(self) -> tuple[str, int]:
        return self.id[0], int(self.id[1:])


PARTS = {
    "A": "Transport",
    "B": "Parser and content",
    "C": "Storage",
    "D": "Time and scheduling",
    "E": "Process, configuration, surface",
}

TRANSPORT = (
    Row(
        "A1",
        "connection refused, reset, closed without an answer",
        "the feed failed, why, and when it is tried again",
    ),
    Row(
        "A2",
        "the server's queue is full and connecting hangs",
        "the feed timed out within five seconds; others go on",
    ),
    Row("A3", "the server accepts and never answers", "the feed timed out"),
    Row("A4", "a body of one byte a second", "the feed took too long in all"),
    Row("A5", "headers of one byte a second; 100 Continue without end", "the feed took too long in all"),
    Row("A6", "a gzip bomb, 10 MB that become 10 GB", "the document is too large"),
    Row("A7", "two or three content codings, brotli, zstd", "the coding is refused"),
    Row("A8", "a bomb in the body of a redirect", "nothing: the redirect is followed, its body never read"),
    Row("A9", "a body without end; a length that lies", "the document is too large; the next try is set"),
    Row("A10", "a body in chunks of one byte", "the document came in too many pieces"),
    Row(
        "A11",
        "a body cut short: by length, by close, inside gzip",
        "what came whole is stored, and the feed is asked again in full",
    ),
    Row(
        "A12",
        "redirects: in a circle, too many, to a file, to a bad host, 70 kB long",
        "the redirect is refused",
    ),
    Row(
        "A13",
        "addresses inside the network: written in every form, by redirect, by rebinding",
        "the address is not allowed; nothing was sent to it",
    ),
    Row("A14", "proxy variables in the environment", "nothing: they are ignored"),
    Row("A15", "429 and 503, with seconds, with a date, without", "the host waits as it asked, and why"),
    Row("A16", "absurd Retry-After, max-age and ttl", "the wait is bounded; other feeds go on"),
    Row("A17", "410, 404, 403 again and again", "the feed is slower, then gone; nothing is deleted"),
    Row(
        "A18",
        "a permanent redirect, of one feed or of all",
        "the address in the configuration stays; feeds list says that it seems to have moved",
    ),
    Row("A19", "an ETag that cannot be sent back", "nothing: the feed is asked without it"),
    Row("A20", "304 for ever, 304 unasked, 200 with the old body", "what is new is found within a day"),
    Row(
        "A21",
        "name servers that hang or know nothing",
        "that feed failed; others are on time, and the program ends in time",
    ),
    Row(
        "A22",
        "certificates that are expired, for another name, self-signed",
        "the certificate is refused, never passed over",
        proofs=("test_fetch_network.py::test_a_certificate_that_is_not_in_order_is_refused",),
    ),
    Row("A23", "a cookie is set", "nothing: it is not kept"),
    Row("A24", "statuses 204, 206, 300, 999", "the status is no success"),
)

CONTENT = (
    Row(
        "B1", "entities that expand, refer outside, hide in comments or in UTF-16", "the document is refused"
    ),
    Row(
        "B2",
        "documents that burn processor time",
        "the document is refused, or its reader was stopped; after two deaths it is left alone until it changes",
    ),
    Row(
        "B3",
        "the reader of documents dies, or has no memory left",
        "that document failed; all others are read",
        proofs=("test_parse_worker.py::test_a_worker_over_its_limit_is_killed",),
    ),
    Row(
        "B4",
        "an enormous title, depth or number of entries",
        "the first entries are stored, each within bounds",
    ),
    Row(
        "B5",
        "NUL, control characters, impossible references",
        "every entry is stored; the odd character shows as a replacement",
    ),
    Row("B6", "encodings that lie, and hostile ones", "the text as it was meant"),
    Row("B7", "dates of every kind of nonsense", "the time that it was first seen"),
    Row(
        "B8",
        "a web page, a consent wall, JSON or nothing instead of a feed",
        "this is no feed; nothing stored changes",
    ),
    Row("B9", "a feed without entries, after full ones", "success, and a notice when it goes on"),
    Row(
        "B10",
        "guids that repeat or are missing; guids and links that change with every poll; new campaign marks",
        "no flood: each article once; of a feed without dates, copies in one story",
        proofs=("test_store_renaming.py::test_what_is_taken_for_an_article_under_a_new_address",),
    ),
    Row("B11", "one entry in a hundred that cannot be stored", "ninety-nine are, and one is counted"),
    Row(
        "B12",
        "a headline that is edited fifty times",
        "one article as it was first seen, and a bounded history of what it became",
    ),
    Row(
        "B13",
        "scripts in every field, in page, digests, mail and Datasette",
        "text",
        proofs=(
            "test_publish_hostile_rows.py::test_words_stay_words",
            "test_web.py::test_markup_and_scripts_of_feeds_are_text",
            "test_datasette.py::test_every_table_has_its_page",
        ),
    ),
    Row(
        "B14",
        "bidirectional overrides, escape codes, newlines in a headline",
        "text without them, on the terminal, in logs, files and file names",
        proofs=("test_cli_terminal.py::test_text_of_feeds_is_text_on_a_terminal_too",),
    ),
    Row("B15", "10,000 equal and 10,000 random headlines, one of 400 kB", "stories within the usual time"),
    Row("B16", "documents mutated at random", "a classified result, always"),
)

STORAGE = (
    Row("C1", "SIGKILL at random moments and at every named point", "nothing: the next start goes on"),
    Row(
        "C2",
        "five builds that break the promise: the validator first, two transactions, a key with the link's query,"
        " the day recomputed, no guard against entities",
        "the kill loop or a test fails each",
    ),
    Row("C3", "power loss with unsynced writes torn and dropped", "nothing committed is lost"),
    Row("C4", "any single write or sync fails", "the state before or after, and one sentence"),
    Row(
        "C5",
        "the disk is full",
        "polling rests and says so; it goes on by itself",
        proofs=("test_health.py::test_a_full_store_pauses_polling_is_said_and_passes",),
    ),
    Row("C6", "a file or file system that is only to be read", "one sentence, and a failure"),
    Row(
        "C7",
        "a file that is damaged, cut, empty, or no database",
        "one sentence; the file is never made anew",
        proofs=("test_doctor.py::test_a_store_that_cannot_be_used_is_a_problem_and_left_as_it_is",),
    ),
    Row(
        "C8",
        "the file or its log is deleted or replaced while it is written",
        "the program stops loudly within a minute",
    ),
    Row(
        "C9",
        "two daemons on one file; many starts at once",
        "the second leaves and says who holds it",
        proofs=("system/test_daemon.py::test_a_second_daemon_names_the_first_and_leaves",),
    ),
    Row(
        "C10",
        "another program holds a lock for long",
        "the write waits; then one sentence; the daemon goes on",
    ),
    Row("C11", "a reader that stays in one transaction", "the log grows, and doctor says so"),
    Row(
        "C12",
        "an SQLite with the write-ahead-log bug",
        "doctor says so; there is one connection that writes",
        proofs=("test_doctor.py::test_what_the_program_runs_on",),
    ),
    Row("C13", "helpers that commit inside a transaction", "nothing is visible before the commit"),
    Row(
        "C14",
        "a migration that is killed; a file of a newer version",
        "it is whole afterwards; the newer one is refused",
    ),
    Row(
        "C15",
        "a backup is restored elsewhere",
        "the same counts and contents",
        proofs=("system/test_soak.py::test_a_backup_that_is_restored_elsewhere_is_the_same",),
    ),
)

TIME = (
    Row(
        "D1",
        "the machine sleeps for seconds, hours, days",
        "each feed is polled once, spread out; missed digests come in order",
        proofs=(
            "system/test_days.py::test_after_three_days_of_sleep_each_missed_digest_is_made_once",
            "system/test_days.py::test_after_a_pause_many_feeds_are_spread_over_minutes",
        ),
    ),
    Row(
        "D2",
        "the clock jumps a day, to 1970, to 2099 and back",
        "no busy loop, no long silence, no day rewritten",
        proofs=("system/test_days.py::test_a_wall_clock_that_is_set_back_makes_nothing_twice",),
    ),
    Row(
        "D3",
        "clock changes, also at midnight and by half an hour; another zone in the configuration",
        "a digest for each local day",
        proofs=(
            "system/test_year.py::test_every_day_round_a_change_of_the_clock_has_its_digest_once",
            "test_schedule.py::test_local_days_have_their_own_length",
            "test_schedule.py::test_a_year_of_ticks_makes_each_day_once",
        ),
    ),
    Row("D4", "a poll that takes longer than its interval", "polls of a feed never overlap"),
    Row("D5", "2,000 feeds are due at the start", "they are spread over minutes, a few at a time"),
    Row(
        "D6",
        "killed between a digest's rename and its commit",
        "the same file again; no second mail, or one with the same Message-ID where its own row is lost",
        proofs=(
            "test_deliver_rounds.py::test_a_crash_between_sending_and_storing_sends_again_under_the_same_id",
        ),
    ),
    Row(
        "D7",
        "the daemon is down for five days",
        "a digest for each of the days, in order, empty where nothing was heard",
    ),
)

PROCESS = (
    Row(
        "E1",
        "SIGTERM while idle, in a fetch, in a commit, with a hanging name server",
        "an end within ten seconds, status 0",
        proofs=(
            "system/test_daemon.py::test_it_polls_groups_resolves_and_ends_with_zero_when_told",
            "system/test_daemon.py::test_it_ends_in_the_middle_of_a_poll",
            "test_fetch_network.py::test_twenty_hanging_names_do_not_stop_a_healthy_one_nor_the_end",
        ),
    ),
    Row(
        "E2",
        "the loop is blocked",
        "the watchdog ends the program, the service starts it again",
        proofs=("test_health.py::test_a_blocked_loop_does_not_answer_and_is_told_of_afterwards",),
    ),
    Row(
        "E3",
        "a configuration that is wrong, at start and at reload; a secret that others may read",
        "every problem with its line; a reload keeps the old one",
        proofs=(
            "system/test_daemon.py::test_a_broken_configuration_is_refused_and_a_valid_one_taken_up",
            "test_deliver.py::test_a_file_that_others_may_touch_is_refused",
        ),
    ),
    Row("E4", "the log's target is full or gone", "nothing: polling goes on"),
    Row(
        "E5",
        "too few file descriptors, threads, memory",
        "slower, or single feeds fail with a reason, or a grouping waits for the next tick; with hopelessly few files one sentence",
        proofs=(
            "test_parse_worker.py::test_a_worker_over_its_limit_is_killed",
            "test_grouping_process.py::test_what_happens_to_it_is_told_and_the_next_one_groups",
        ),
    ),
    Row(
        "E6",
        "the page: foreign host, cross-site post, huge address, search operators",
        "refused, or harmless",
        proofs=(
            "test_web.py::test_hosts",
            "test_web.py::test_a_form_from_another_site_is_refused",
            "test_web.py::test_an_endless_address_is_refused",
        ),
    ),
    Row(
        "E7",
        "Datasette: recursive queries, enormous values",
        "an error page: its time limit, and the limit that the README gives its process",
    ),
    Row(
        "E8",
        "the mail server is down, greylists, refuses one address",
        "retried from the outbox; the files are there",
        proofs=(
            "test_deliver_rounds.py::test_a_server_that_is_down_gets_the_mails_later",
            "test_deliver_rounds.py::test_one_refused_address_is_final_and_the_other_is_served",
        ),
    ),
    Row(
        "E9",
        "the digests' folder is missing, not writable, a symbolic link, full",
        "the digest stays due, and one sentence",
        proofs=(
            "test_publish_files.py::test_folder_that_is_a_link_out_is_refused",
            "test_publish_files.py::test_link_in_the_place_of_a_file_is_replaced_not_followed",
            "test_publish_files.py::test_what_the_disk_refuses_is_said_and_leaves_nothing_behind",
        ),
    ),
    Row(
        "E10",
        "secrets in logs, pages, exports",
        "none",
        proofs=(
            "test_deliver.py::test_recipients_are_named_without_secrets",
            "test_deliver.py::test_a_password_that_a_server_repeats_is_not_told",
            "test_fetch_client.py::test_a_password_in_a_location_is_not_repeated",
        ),
    ),
    Row(
        "E11",
        "the lowest and the newest dependencies allowed",
        "the program runs: on the lowest in `tests/lowest.sh`, on the newest wherever it is installed today",
    ),
)

ROWS = (*TRANSPORT, *CONTENT, *STORAGE, *TIME, *PROCESS)
