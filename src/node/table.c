// SPDX-License-Identifier: EUPL-1.2
/*
 * The commands, one row each.
 */
#include "node/argument.h"
#include "node/command.h"

static const struct command_option init_options[] = {
    { "owner", "NAME", "the organisation (default: the host's name)" },
    { NULL, NULL, NULL },
};

static const struct command_option add_options[] = {
    { "source", "NAME", "whose information it is (default: the node's owner)" },
    { "set", "NAME", "set that receives a list (default: the file's name)" },
    { "tlp", "LABEL", "CLEAR, GREEN, AMBER, AMBER+STRICT or RED; only tightens" },
    { "pap", "LEVEL", "CLEAR, GREEN, AMBER or RED: what may be done; tightens" },
    { "confidence", "N", "0 to 100, where the file states none" },
    { "valid-until", "TIME", "of indicators that state none (RFC 3339 or a date)" },
    { "format", "FORMAT", "name of the file's format (default: told by the file)" },
    { "kind", "KIND", "of all values, where the file does not say it" },
    { "even-if", "REASONS", "take what is refused for these reasons, and journal it" },
    { NULL, NULL, NULL },
};

static const struct command_option list_options[] = {
    { "kind", "KIND", "of this kind only" },
    { "set", "NAME", "members of this set only" },
    { "source", "NAME", "of this source only" },
    { NULL, NULL, NULL },
};

static const struct command_option remove_options[] = {
    { "set", "NAME", "out of this set only; without a value: the whole set" },
    { "source", "NAME", "of this source only" },
    { NULL, NULL, NULL },
};

static const struct command_option watch_options[] = {
    { "format", "FORMAT", "zeek-json, zeek-tsv, eve, text; or the name of a mapping" },
    { "sensor", "NAME", "who saw it (default: configured, else the log's word)" },
    { "jobs", "N", "threads (default: configured, else one a processor)" },
    { "follow", NULL, "go on until stopped: read what is added, and new files" },
    { "again", NULL, "read inputs again from the start, without counting" },
    { "quiet", NULL, "no progress, no hits as they come: only the summary" },
    { NULL, NULL, NULL },
};

static const struct command_option fill_options[] = {
    { "format", "FORMAT", "as of 'linie watch'" },
    { "sensor", "NAME", "who saw it (default: configured, else the log's word)" },
    { "jobs", "N", "threads (default: configured, else one a processor)" },
    { "quiet", NULL, "no progress, no hits as they come: only the summary" },
    { NULL, NULL, NULL },
};

static const struct command_option try_options[] = {
    { "lines", "N", "how many lines are looked at (default: 10)" },
    { NULL, NULL, NULL },
};

static const struct command_option hits_options[] = {
    { "all", NULL, "all of them: silent, acknowledged and false ones too" },
    { "rank", "LEVEL", "at least: critical, high, medium, low or silent" },
    { "state", "STATE", "new, acknowledged, false or reopened" },
    { "mine", NULL, "those that are assigned to me" },
    { "since", "TIME", "last seen then or later: a time, a date, or 24h, 7d" },
    { "kind", "KIND", "of this kind only" },
    { "indicator", "ID|VALUE", "of this indicator only" },
    { "evidence", NULL, "with the log lines that were kept, and their entries" },
    { NULL, NULL, NULL },
};

static const struct command_option hunt_options[] = {
    { "purpose", "TEXT", "what it is asked for; kept in the journal (needed)" },
    { "mandate", "TEXT", "under which law or order (needed, or configured)" },
    { "kind", "KIND", "of the values named, where it is not told by them" },
    { "since", "TIME", "seen then or later: a time, a date, or 24h, 7d" },
    { "until", "TIME", "seen then or before" },
    { "sensor", "NAME", "seen by this sensor only" },
    { "show", NULL, "with lines of the logs that are still there" },
    { "limit", "N", "of --show: lines of each value (default: 10)" },
    { "request", "ID", "make use of a request that another user has approved" },
    { NULL, NULL, NULL },
};

static const struct command_option history_export_options[] = {
    { "purpose", "TEXT", "what it is for; kept in the journal (needed)" },
    { "mandate", "TEXT", "under which law or order (needed, or configured)" },
    { "kind", "KIND", "of the values named, where it is not told by them" },
    { "since", "TIME", "seen then or later: a time, a date, or 24h, 7d" },
    { "until", "TIME", "seen then or before" },
    { "sensor", "NAME", "seen by this sensor only" },
    { "csv", NULL, "CSV (RFC 4180) instead of a JSON object a line" },
    { "request", "ID", "make use of a request that another user has approved" },
    { NULL, NULL, NULL },
};

static const struct command_option history_forget_options[] = {
    { "reason", "TEXT", "the rule by which; kept in the journal for ever (needed)" },
    { "kind", "KIND", "of this kind only, which the value is read as too" },
    { "host", "HOST", "at this inside host only" },
    { "since", "TIME", "seen wholly then or later: a time, a date, or 24h, 7d" },
    { "until", "TIME", "seen wholly by then" },
    { NULL, NULL, NULL },
};

static const struct command_option history_losses_options[] = {
    { "all", NULL, "those too that were acknowledged" },
    { NULL, NULL, NULL },
};

static const struct command_option history_acknowledge_options[] = {
    { "reason", "TEXT", "what is known of it; kept in the journal (needed)" },
    { NULL, NULL, NULL },
};

static const struct command_option history_asked_options[] = {
    { "since", "TIME", "asked then or later: a time, a date, or 24h, 7d" },
    { NULL, NULL, NULL },
};

static const struct command_option history_requests_options[] = {
    { "all", NULL, "those too that were answered, or whose approval has lapsed" },
    { NULL, NULL, NULL },
};

static const struct command_option history_host_options[] = {
    { "key", "FILE", "the key under which inside hosts are pseudonyms (needed)" },
    { "purpose", "TEXT", "what it is asked for; kept in the journal (needed)" },
    { "mandate", "TEXT", "under which law or order (needed, or configured)" },
    { NULL, NULL, NULL },
};

static const struct command_option status_options[] = {
    { "metrics", NULL, "counts in the text format of Prometheus" },
    { NULL, NULL, NULL },
};

static const struct command_option export_options[] = {
    { "format", "FORMAT", "plain, nft, rpz, suricata or zeek" },
    { "to", "FILE", "file, replaced in one step; of suricata, a folder (default: output)" },
    { "kind", "KIND", "of this kind only" },
    { "set", "NAME", "members of this set only" },
    { "source", "NAME", "of this source only" },
    { "tlp", "LABEL", "the narrowest label that may go in (default: AMBER+STRICT)" },
    { "confidence", "N", "only what is stated to be as sure as this, 0 to 100" },
    { "zone", "NAME", "rpz: name of the zone (default: rpz.linie)" },
    { "chains", NULL, "nft: with chains that reject and drop, not only the sets" },
    { "action", "ACTION", "suricata: alert, drop or reject (default: alert)" },
    { "sid", "N", "suricata: number of the first rule (default: 8800000)" },
    { NULL, NULL, NULL },
};

static const struct command_option replay_options[] = {
    { "since", "TIME", "written then or later: a time, a date, or 24h, 7d" },
    { NULL, NULL, NULL },
};

static const struct command_option hits_ack_options[] = {
    { "note", "TEXT", "kept with it" },
    { NULL, NULL, NULL },
};

static const struct command_option hits_false_options[] = {
    { "reason", "TEXT", "why it was a false alarm (needed)" },
    { "allow", NULL, "let it be silent from now on" },
    { "scope", "SCOPE", "of --allow: host, indicator or value (default: host)" },
    { "until", "TIME", "of --allow: a date, or 12h, 30d from now (default: 30d)" },
    { NULL, NULL, NULL },
};

static const struct command_option hits_note_options[] = {
    { "text", "TEXT", "kept with it (needed)" },
    { NULL, NULL, NULL },
};

static const struct command_option hits_assign_options[] = {
    { "to", "NAME", "who sees to it; \"\" for nobody any more (needed)" },
    { "note", "TEXT", "kept with it" },
    { NULL, NULL, NULL },
};

static const struct command_option hits_reopen_options[] = {
    { "reason", "TEXT", "why it is to be looked at again (needed)" },
    { NULL, NULL, NULL },
};

static const struct command_option allow_add_options[] = {
    { "reason", "TEXT", "why they must not alert; MISP's lists say it themselves" },
    { "list", "NAME", "list that receives them (default: the file's name; of values the reason)" },
    { "until", "TIME", "a date, or 12h, 30d from now (default: for ever)" },
    { "effect", "EFFECT", "silent or lower (default: told by the list, else silent)" },
    { NULL, NULL, NULL },
};

static const struct command_option allow_remove_options[] = {
    { "list", "NAME", "out of this list only; without a value: the whole list" },
    { NULL, NULL, NULL },
};

static const struct command_option verify_options[] = {
    { "backup", "DIR", "check this backup instead of the node" },
    { "key", "FILE", "the file it was encrypted with" },
    { NULL, NULL, NULL },
};

static const struct command_option erase_options[] = {
    { "rule", "TEXT", "why it may be erased: kept in the journal for ever" },
    { NULL, NULL, NULL },
};

static const struct command_option backup_options[] = {
    { "key", "FILE", "encrypt with the content of this file" },
    { "full", NULL, "begin anew; the older parts are then removed" },
    { NULL, NULL, NULL },
};

static const struct command_option restore_options[] = {
    { "key", "FILE", "the file it was encrypted with" },
    { NULL, NULL, NULL },
};

static const struct command commands[] = {
    { .name = "init",
      .usage = "DIR",
      .summary = "make a node: a folder with its configuration and keys",
      .help = "The folder is made, or must be empty; only its owner may enter it.\n"
              "With --world ID, in a node that exists: an exercise, kept apart from what is\n"
              "real.\n"
              "\n"
              "  linie init water-board --owner \"Water board of the example polder\"",
      .access = COMMAND_LOCAL,
      .options = init_options,
      .run = command_init },
    { .name = "indicators add",
      .usage = "FILE... | -",
      .summary = "add indicators: lists, CSV, STIX, MISP, Zeek, Suricata",
      .help =
          "Lists have one value a line, defanged or not; the kind is recognised. A domain\n"
          "covers its subdomains; \"=name\" is exact, \".name\" the subdomains only. What would\n"
          "only raise false alarms is refused: public suffixes, own networks, empty files.\n"
          "A running watch uses new indicators from the next lines on.\n"
          "Exit: 0 done, 2 trouble, 3 done but some lines were refused.\n"
          "\n"
          "  linie indicators add c2.txt --source \"National CSIRT\" --valid-until 2027-01-31",
      .access = COMMAND_WRITES,
      .gather = argument_gather,
      .options = add_options,
      .run = command_indicators_add },
    { .name = "indicators list",
      .usage = "",
      .summary = "list what is watched",
      .help = "Below each source and set, with the set's TLP label: the kinds and values, and\n"
              "the label of those that have another one.\n\n"
              "  linie indicators list --kind domain --source \"National CSIRT\"",
      .options = list_options,
      .run = command_indicators_list },
    { .name = "indicators show",
      .usage = "ID|VALUE...",
      .summary = "show indicators whole, with all their sources",
      .help = "A value is shown with every source that names it; an id of a STIX object with\n"
              "the object, byte for byte as it came, in all its versions.\n"
              "\n"
              "  linie indicators show hxxps://portal[.]update-dms.example/login",
      .run = command_indicators_show },
    { .name = "indicators remove",
      .usage = "[ID|VALUE...]",
      .summary = "take indicators out of use on this node",
      .help = "The journal keeps that they were there, and what they met.\n\n"
              "  linie indicators remove cdn.example --set c2\n"
              "  linie indicators remove --set c2 --source \"National CSIRT\"",
      .access = COMMAND_WRITES,
      .options = remove_options,
      .run = command_indicators_remove },
    { .name = "indicators stats",
      .usage = "",
      .summary = "count indicators by kind, source and set",
      .help = "  linie indicators stats",
      .run = command_indicators_stats },
    { .name = "watch",
      .usage = "[INPUT...]",
      .summary = "watch logs against the indicators",
      .help = "Inputs are files, folders, globs or '-'; without any: those configured. Zeek\n"
              "JSON, Zeek TSV and Suricata EVE, also gz, zst, xz. What was read is not\n"
              "counted again; after a kill it goes on where it stopped.\n"
              "Exit: 0 nothing found, 1 found, 2 trouble.\n"
              "\n"
              "  linie watch /var/log/suricata/eve.json '/data/zeek/2026-11-*/'",
      .access = COMMAND_LOCAL,
      .options = watch_options,
      .run = command_watch },
    { .name = "mapping list",
      .usage = "",
      .summary = "list the formats that a mapping tells",
      .help = "Those of linie.conf, then the ready ones. '--format NAME' of 'linie watch' and\n"
              "'format = NAME' of an input use one.\n\n  linie mapping list",
      .access = COMMAND_LOCAL,
      .run = command_mapping_list },
    { .name = "mapping show",
      .usage = "NAME...",
      .summary = "show a mapping as linie.conf would have it",
      .help = "What is shown can be copied into linie.conf and changed there.\n\n"
              "  linie mapping show squid",
      .access = COMMAND_LOCAL,
      .run = command_mapping_show },
    { .name = "mapping try",
      .usage = "NAME FILE",
      .summary = "show what a mapping makes of a log's first lines",
      .help = "Each line, what it says, and what could not be read. Nothing is counted, and no\n"
              "node is needed.\n"
              "Exit: 0 done, 2 trouble, 3 done but some lines could not be read.\n"
              "\n"
              "  linie mapping try squid /var/log/squid/access.log --lines 3",
      .access = COMMAND_LOCAL,
      .options = try_options,
      .run = command_mapping_try },
    { .name = "hits",
      .usage = "",
      .summary = "show what was found: the few that matter first",
      .help = "A fold is what one inside host met of one indicator in an hour; those of one\n"
              "value stand together, the value that matters most first, and below them how many\n"
              "lie behind. --json shows all of these. Keys: docs/format/hits.md.\n"
              "Hits are worked with 'linie hits show', ack, false, note, assign and reopen.\n"
              "Exit: 0 nothing to look at, 1 found, 2 trouble.\n"
              "\n"
              "  linie hits --since 24h --rank medium",
      .options = hits_options,
      .run = command_hits },
    { .name = "hits show",
      .usage = "ID|VALUE...",
      .summary = "show hits whole: why they rank so, and what was done",
      .help = "A value or an indicator's id stands for all its hits: the ten that matter most\n"
              "are shown, with --json all.\n\n"
              "  linie hits show H-7K3F9Q2M",
      .run = command_hits_show },
    { .name = "hits ack",
      .usage = "ID|VALUE...",
      .summary = "acknowledge hits: somebody has seen them",
      .help = "A value or an indicator's id stands for all its hits that are open. Your name\n"
              "and the time are kept in the journal.\n"
              "Exit: 0 done, 2 trouble, 3 done but some were refused.\n"
              "\n"
              "  linie hits ack H-7K3F9Q2M --note \"called the ward, PC is off the net\"",
      .access = COMMAND_WRITES,
      .options = hits_ack_options,
      .run = command_hits_ack },
    { .name = "hits false",
      .usage = "ID|VALUE...",
      .summary = "say that hits were false alarms, and allow them for a while",
      .help = "With --allow later lines of the same are silent: they are counted, and shown by\n"
              "'linie hits --all'. 'linie allow list' tells what is allowed.\n"
              "\n"
              "  linie hits false H-7K3F9Q2M --reason \"our own scanner\" --allow --until 90d",
      .access = COMMAND_WRITES,
      .options = hits_false_options,
      .run = command_hits_false },
    { .name = "hits note",
      .usage = "ID|VALUE...",
      .summary = "write something down about hits",
      .help = "  linie hits note H-7K3F9Q2M --text \"asked the supplier\"",
      .access = COMMAND_WRITES,
      .options = hits_note_options,
      .run = command_hits_note },
    { .name = "hits assign",
      .usage = "ID|VALUE...",
      .summary = "say who sees to hits",
      .help = "'linie hits --mine' shows what is assigned to the user of that name.\n\n"
              "  linie hits assign H-7K3F9Q2M --to anna",
      .access = COMMAND_WRITES,
      .options = hits_assign_options,
      .run = command_hits_assign },
    { .name = "hits reopen",
      .usage = "ID|VALUE...",
      .summary = "open hits again that were acknowledged or called false",
      .help = "An allow list that was made of a false alarm goes.\n\n"
              "  linie hits reopen H-7K3F9Q2M --reason \"it came back\"",
      .access = COMMAND_WRITES,
      .options = hits_reopen_options,
      .run = command_hits_reopen },
    { .name = "hunt",
      .usage = "VALUE|FILE|ID... | -",
      .summary = "ask all that was ever seen: were we hit?",
      .help = "When first and last, how often, at which inside hosts. A domain is asked for\n"
              "with the names below it (\"=name\": alone), a range with its addresses. Files may\n"
              "be lists, CSV, STIX, MISP, or prose, defanged or not. Who asked what, and why,\n"
              "is in the journal before it is answered.\n"
              "Exit: 0 never seen, 1 seen, 2 trouble, not answered, or not all can be read.\n"
              "\n"
              "  linie hunt evil.example 198.51.100.0/24 --purpose \"case 17\"",
      .access = COMMAND_WRITES,
      .gather = command_hunt_gather,
      .options = hunt_options,
      .run = command_hunt,
      .after = command_hunt_after },
    { .name = "history stats",
      .usage = "",
      .summary = "show how much is remembered, since when, by which rules",
      .help = "  linie history stats",
      .run = command_history_stats },
    { .name = "history compact",
      .usage = "",
      .summary = "put what is remembered in order now",
      .help = "A watch does it as it goes. When this ends, rules that were changed are in force\n"
              "for all that is remembered.\n"
              "\n"
              "  linie history compact",
      .access = COMMAND_WRITES,
      .run = command_history_compact },
    { .name = "history fill",
      .usage = "[INPUT...]",
      .summary = "remember what was read before anything was remembered",
      .help = "Inputs as of 'linie watch'. What of them was read and is not remembered is read\n"
              "again for that alone: no hit counts twice, nothing is remembered twice. Then all\n"
              "indicators are put to it.\n"
              "\n"
              "  linie history fill /var/log/suricata/eve.json",
      .access = COMMAND_LOCAL,
      .options = fill_options,
      .run = command_watch },
    { .name = "history forget",
      .usage = "[VALUE]",
      .summary = "forget what was seen, for good",
      .help = "A value and what holds it (a domain with the names below it, or \"=name\" alone,\n"
              "and the URLs and mail addresses at it), a range, a kind, an inside host, a time;\n"
              "what is named together must all be so. The journal keeps the rule, not the\n"
              "value. Hits and their evidence stay: see 'linie erase'.\n"
              "\n"
              "  linie history forget someone@example.org --reason \"request of 21 November\"",
      .access = COMMAND_WRITES,
      .options = history_forget_options,
      .run = command_history_forget },
    { .name = "history export",
      .usage = "[VALUE|FILE|ID...]",
      .summary = "write out what was seen, row by row",
      .help = "All of it, or what the values meet, as JSON or CSV; journalled like a hunt.\n"
              "Exit: 0 done, 2 trouble, 3 done, but a part is lost and not in it.\n"
              "\n"
              "  linie history export evil.example --csv --purpose \"case 17\" > rows.csv",
      .access = COMMAND_WRITES,
      .gather = argument_gather,
      .options = history_export_options,
      .run = command_history_export },
    { .name = "history verify",
      .usage = "",
      .summary = "read all that is remembered, and say what is damaged",
      .help = "Exit: 0 good, 1 faults, 2 trouble.\n\n  linie history verify",
      .run = command_history_verify },
    { .name = "history losses",
      .usage = "",
      .summary = "show what of it cannot be read, or was left out for that",
      .help = "Exit: 0 nothing that nobody acknowledged, 1 something, 2 trouble.\n"
              "\n"
              "  linie history losses",
      .options = history_losses_options,
      .run = command_history_losses },
    { .name = "history acknowledge",
      .usage = "LOSS... | all",
      .summary = "say that a loss is known, so that it is told no more",
      .help = "What still lies there of it, and cannot be read, is removed: put good files back\n"
              "before, if there are any.\n"
              "\n"
              "  linie history acknowledge seg-12 --reason \"disk of 3 November\"",
      .access = COMMAND_WRITES,
      .options = history_acknowledge_options,
      .run = command_history_acknowledge },
    { .name = "history asked",
      .usage = "",
      .summary = "show who asked what, when, and under which mandate",
      .help = "Hunts, exports, requests, approvals, what was forgotten, pseudonyms that were\n"
              "undone: as it is in the journal, where nobody can remove it.\n"
              "\n"
              "  linie history asked --since 30d",
      .options = history_asked_options,
      .run = command_history_asked },
    { .name = "history requests",
      .usage = "",
      .summary = "list what waits for a second person",
      .help = "  linie history requests",
      .options = history_requests_options,
      .run = command_history_requests },
    { .name = "history approve",
      .usage = "ID",
      .summary = "let another user's request be answered, once",
      .help = "Neither who asked can do it, nor an overseer. Who asked is answered within 24\n"
              "hours, and names the request for it.\n"
              "\n"
              "  linie history approve R-1042",
      .access = COMMAND_WRITES,
      .run = command_history_approve },
    { .name = "history host",
      .usage = "PSEUDONYM",
      .summary = "tell the address behind the pseudonym of an inside host",
      .help = "For who holds the key. That it was asked is in the journal first.\n"
              "\n"
              "  linie history host host-5f0c... --key hosts.key --purpose \"case 17\"",
      .access = COMMAND_WRITES,
      .options = history_host_options,
      .run = command_history_host },
    { .name = "allow add",
      .usage = "FILE|VALUE... | -",
      .summary = "let values not alert: MISP warninglists, lists, CSV, values",
      .help = "Hits of them are counted, and silent; or lower in rank, where many share the\n"
              "value (clouds, content networks: told by MISP's lists). A domain covers the\n"
              "names below it; \"=name\" is exact. A running watch uses them from the next\n"
              "lines on.\n"
              "\n"
              "  linie allow add partners.txt cdn.example --reason \"our suppliers\"",
      .access = COMMAND_WRITES,
      .gather = argument_gather,
      .options = allow_add_options,
      .run = command_allow_add },
    { .name = "allow list",
      .usage = "",
      .summary = "list the allow lists, with their reasons",
      .help = "  linie allow list",
      .run = command_allow_list },
    { .name = "allow show",
      .usage = "LIST|VALUE...",
      .summary = "show what is on a list, or on which list a value is",
      .help = "  linie allow show cdn.example",
      .run = command_allow_show },
    { .name = "allow remove",
      .usage = "[VALUE...]",
      .summary = "take values out of allow lists, or whole lists away",
      .help = "Hits that a list made silent or lowered are so no more once it is gone.\n\n"
              "  linie allow remove cdn.example\n"
              "  linie allow remove --list suppliers",
      .access = COMMAND_WRITES,
      .options = allow_remove_options,
      .run = command_allow_remove },
    { .name = "export",
      .usage = "",
      .summary = "write block lists and rules for other programs",
      .help = "Of what is valid now, what TLP label and PAP marking allow; the rest is counted.\n"
              "\n"
              "  linie export --format rpz --to /var/lib/unbound/linie.rpz",
      .options = export_options,
      .run = command_export },
    { .name = "status",
      .usage = "",
      .summary = "show how the node is, and what could not be read",
      .help = "  linie status",
      .options = status_options,
      .run = command_status },
    { .name = "output list",
      .usage = "",
      .summary = "show where hits and notices are sent, and what lies behind",
      .help = "What is configured in linie.conf, how far each output has come, and why one\n"
              "fails. 'linie watch' sends.\n\n  linie output list",
      .run = command_output_list },
    { .name = "output test",
      .usage = "NAME",
      .summary = "send a marked test event to an output",
      .help = "Waits for the receiver, and says why where it does not get through.\n\n"
              "  linie output test siem",
      .run = command_output_test },
    { .name = "output replay",
      .usage = "NAME",
      .summary = "let an output go on from an earlier or later time",
      .help = "What the journal told since then goes to the output again; a time that is later\n"
              "than what lies behind passes over it.\n\n"
              "  linie output replay siem --since 24h",
      .access = COMMAND_WRITES,
      .options = replay_options,
      .run = command_output_replay },
    { .name = "selftest",
      .usage = "",
      .summary = "send a marked line through the whole street, and time it",
      .help = "From the watch process to each output; nothing of it is counted as found. A\n"
              "watch that runs takes the test; else one is begun for it.\n"
              "Exit: 0 all went through, 2 trouble, 3 an output did not get it.\n"
              "\n"
              "  linie selftest",
      .access = COMMAND_WRITES,
      .gather = command_selftest_gather,
      .run = command_selftest },
    { .name = "verify",
      .usage = "",
      .summary = "check the journal and kept files, or a backup",
      .help = "The journal's chain, the content of its entries and every imported file are read\n"
              "and compared with their digests. With --backup, instead: every part of a backup,\n"
              "as a restore would read it; no node is needed for that.\n"
              "Exit: 0 good, 1 faults, 2 trouble.\n"
              "\n"
              "  linie verify --backup /mnt/backup/water-board --key backup.key",
      .access = COMMAND_LOCAL,
      .options = verify_options,
      .run = command_verify },
    { .name = "rebuild",
      .usage = "",
      .summary = "make database, sets and index anew from the journal",
      .help = "Says whether the result is what was there before.\n\n  linie rebuild",
      .access = COMMAND_WRITES,
      .run = command_rebuild },
    { .name = "erase",
      .usage = "ENTRY...",
      .summary = "erase the content of journal entries by rule",
      .help = "Evidence and STIX objects can be erased; that they were there, and the rule,\n"
              "stays. 'linie hits --evidence' and 'linie indicators show ID' tell the entries.\n"
              "Backups made before still hold it: see 'linie backup --full'.\n"
              "\n"
              "  linie erase 17 --rule \"retention: 30 days\"",
      .access = COMMAND_WRITES,
      .options = erase_options,
      .run = command_erase },
    { .name = "backup",
      .usage = "TO",
      .summary = "back the node up, also while it runs; adds what is new",
      .help = "  linie backup /mnt/backup/water-board --key backup.key",
      .access = COMMAND_LOCAL,
      .options = backup_options,
      .run = command_backup },
    { .name = "restore",
      .usage = "FROM TO",
      .summary = "make a node from a backup",
      .help = "  linie restore /mnt/backup/water-board water-board --key backup.key",
      .access = COMMAND_LOCAL,
      .options = restore_options,
      .run = command_restore },
    { .name = "help",
      .usage = "[COMMAND]",
      .summary = "show this, or what a command does",
      .help = "  linie help indicators add",
      .access = COMMAND_LOCAL,
      .run = command_help },
    { .name = NULL },
};

const struct command *command_table(void)
{
    return commands;
}
