//! The rights, held against what they are to keep apart.

use super::*;

/// Whether some subject of the pattern may be published.
fn may_publish(principal: Principal, subject: &str) -> bool {
    principal.rights().publish.iter().any(|allowed| overlap(allowed, subject))
}

#[test]
fn a_right_covers_what_it_names_and_no_more() {
    for (pattern, subject, covered) in [
        ("cmd.intake.>", "cmd.intake.raise", true),
        ("cmd.intake.>", "cmd.intake.>", true),
        ("cmd.intake.>", "cmd.intake", false),
        ("cmd.intake.>", "cmd.>", false),
        ("fact.intake", "fact.intake", true),
        ("fact.intake", "fact.>", false),
        ("fact.*", "fact.intake", true),
        ("fact.*", "fact.>", false),
    ] {
        assert_eq!(covers(pattern, subject), covered, "{pattern} and {subject}");
    }
}

#[test]
fn patterns_overlap_when_one_subject_matches_both() {
    for (one, other, meet) in [
        ("case.>", "case.03.7f", true),
        ("case.*.7f", "case.03.*", true),
        ("case.>", "case", false),
        ("case", "case", true),
        ("case.03", "case.03.7f", false),
        ("*.>", "fact.intake", true),
        ("fact.intake", "fact.routing", false),
        (">", "log.case", true),
    ] {
        assert_eq!(overlap(one, other), meet, "{one} and {other}");
        assert_eq!(overlap(other, one), meet, "{other} and {one}");
    }
}

#[test]
fn no_request_subject_overlaps_a_stream() {
    for stream in streams::declared(&Shape::default()) {
        for subject in stream.subjects {
            for request in REQUEST_SUBJECTS {
                assert!(!overlap(subject, request), "{} takes {request}", stream.name);
            }
        }
    }
}

#[test]
fn every_subscription_but_the_inbox_is_a_request_subject() {
    // What the servers say of themselves lies in an account of its own.
    for principal in Principal::ALL.into_iter().filter(|principal| *principal != Principal::System) {
        for subject in principal.rights().subscribe {
            let inbox = format!("{}.>", principal.inbox());
            let known = REQUEST_SUBJECTS.iter().any(|request| overlap(request, &subject));
            assert!(known || subject == inbox, "{principal} hears {subject}");
        }
    }
}

#[test]
fn no_two_streams_share_a_subject() {
    let streams = streams::declared(&Shape::default());
    for (at, stream) in streams.iter().enumerate() {
        for other in &streams[at + 1..] {
            for subject in stream.subjects {
                assert!(other.subjects.iter().all(|taken| !overlap(subject, taken)), "{subject}");
            }
        }
    }
}

#[test]
fn a_stage_is_proposed_by_its_owner_alone() {
    for owner in Principal::ALL {
        for stage in owner.stages() {
            let subject = format!("fact.{stage}");
            let able: Vec<_> = Principal::ALL.into_iter().filter(|p| may_publish(*p, &subject)).collect();
            assert_eq!(able, [owner], "{subject}");
        }
    }
}

#[test]
fn the_ledger_is_the_only_pen_on_cases() {
    for subject in ["case.>", "duty.>", "document.>", "directory.>"] {
        let able: Vec<_> = Principal::ALL.into_iter().filter(|p| may_publish(*p, subject)).collect();
        assert_eq!(able, [Principal::Ledger], "{subject}");
    }
    let able: Vec<_> = Principal::ALL.into_iter().filter(|p| may_publish(*p, "outbox.>")).collect();
    assert_eq!(able, [Principal::Notifier]);
    let able: Vec<_> = Principal::ALL.into_iter().filter(|p| may_publish(*p, "$O.>")).collect();
    assert_eq!(able, [Principal::Files]);
}

#[test]
fn who_stores_files_reads_no_fact_and_asks_nobody() {
    let rights = Principal::Files.rights();
    let of_files = |subject: &String| subject.contains("attachments") || subject.starts_with("_INBOX_files");
    assert!(rights.publish.iter().all(of_files), "{:?}", rights.publish);
    assert_eq!(rights.subscribe, ["_INBOX_files.>", "dev.clock"]);
    assert!(!rights.responses);
}

#[test]
fn accounts_are_seen_and_kept_by_the_identity_service_alone() {
    let [get, _] = read_replica(IDENTITY);
    for subject in ["$KV.IDENTITY.>", "access.>", get.as_str(), read_leader(IDENTITY).as_str(), ENDED] {
        let able: Vec<_> = Principal::ALL.into_iter().filter(|p| may_publish(*p, subject)).collect();
        assert_eq!(able, [Principal::Identity], "{subject}");
    }
    let asked: Vec<_> =
        Principal::ALL.into_iter().filter(|principal| principal.rights().may_subscribe(ASK)).collect();
    assert_eq!(asked, [Principal::Identity], "a question holds passwords");
}

#[test]
fn only_the_operators_tools_speak_for_an_operator_and_they_ask_for_nobody() {
    let able: Vec<_> = Principal::ALL.into_iter().filter(|p| may_publish(*p, NOTE)).collect();
    assert_eq!(able, [Principal::Audit]);
    assert!(!may_publish(Principal::Audit, ASK), "a question could sign somebody in");
}

#[test]
fn ledgers_alone_speak_and_hear_among_themselves() {
    for principal in Principal::ALL {
        let rights = principal.rights();
        let hears = rights.subscribe.iter().any(|subject| overlap(subject, "pen.>"));
        let ledger = principal == Principal::Ledger;
        assert_eq!((may_publish(principal, "pen.>"), hears), (ledger, ledger), "{principal}");
    }
}

#[test]
fn only_deploy_makes_and_nobody_alters_or_destroys() {
    for principal in Principal::ALL {
        for verb in ["STREAM.CREATE.*", "CONSUMER.CREATE.>"] {
            let subject = format!("$JS.API.{verb}");
            assert_eq!(
                may_publish(principal, &subject),
                principal == Principal::Deploy,
                "{principal} {verb}"
            );
        }
        for verb in [
            "STREAM.UPDATE.*",
            "STREAM.DELETE.*",
            "STREAM.PURGE.*",
            "STREAM.MSG.DELETE.*",
            "STREAM.RESTORE.*",
            "CONSUMER.DELETE.>",
        ] {
            assert!(!may_publish(principal, &format!("$JS.API.{verb}")), "{principal} {verb}");
        }
    }
}

#[test]
fn who_restores_is_nobody_of_an_installation_and_destroys_nothing() {
    assert!(!Principal::ALL.contains(&Principal::Restore));
    assert!("restore".parse::<Principal>().is_err());
    for verb in ["UPDATE", "DELETE", "PURGE", "MSG.DELETE"] {
        assert!(!may_publish(Principal::Restore, &format!("$JS.API.STREAM.{verb}.*")), "{verb}");
    }
}

#[test]
fn nobody_reads_another_inbox() {
    for principal in Principal::ALL {
        for other in Principal::ALL.into_iter().filter(|other| *other != principal) {
            let inbox = format!("{}.>", other.inbox());
            assert!(principal.rights().subscribe.iter().all(|subject| !overlap(subject, &inbox)));
        }
    }
}

#[test]
fn the_rights_of_a_stage_service_in_full() {
    let rights = Principal::Intake.rights();
    assert_eq!(
        rights.publish,
        [
            "_INBOX_intake.>",
            "fact.intake",
            "fact.casefile",
            "step.>",
            "$JS.API.DIRECT.GET.CASES",
            "$JS.API.DIRECT.GET.CASES.>",
            "$JS.API.STREAM.MSG.GET.CASES",
        ]
    );
    assert_eq!(
        rights.subscribe,
        ["_INBOX_intake.>", "dev.clock", "cmd.intake.>", "step.intake", "cmd.casefile.>", "step.casefile"]
    );
    assert!(rights.responses);
}

#[test]
fn an_auditor_reads_and_does_nothing_else() {
    let rights = Principal::Auditor.rights();
    let reads = ["CASES", "OUTBOX", "ACCESS", "AUDIT"].into_iter().flat_map(|stream| {
        [
            format!("$JS.API.DIRECT.GET.{stream}"),
            format!("$JS.API.DIRECT.GET.{stream}.>"),
            format!("$JS.API.STREAM.INFO.{stream}"),
        ]
    });
    let publishes: Vec<_> = ["_INBOX_auditor.>".to_owned()].into_iter().chain(reads).collect();
    assert_eq!(rights.publish, publishes);
    assert_eq!(rights.subscribe, ["_INBOX_auditor.>"]);
    assert!(!rights.responses);
}

#[test]
fn the_edge_passes_commands_on_and_reads_nothing() {
    let rights = Principal::Api.rights();
    assert_eq!(rights.publish, ["_INBOX_api.>", "cmd.>", "id.ask", "q.audit.ask", "dev.clock"]);
    assert_eq!(rights.subscribe, ["_INBOX_api.>", "dev.clock", "id.ended"]);
    assert!(!rights.responses);
}

#[test]
fn a_name_leads_back_to_its_principal() {
    for principal in Principal::ALL {
        assert_eq!(principal.name().parse(), Ok(principal));
    }
    let unknown = "escalaton".parse::<Principal>().unwrap_err();
    assert!(unknown.to_string().starts_with("no credential is called `escalaton`: use one of intake, "));
}
