//! The directory through the real binary: what is said to it holds at once, after a restart, and for ever.

#[expect(dead_code, reason = "each test uses its own part of what they share")]
mod support;

use std::fs;

use serde_json::{Value, json};
use support::{
    api::{Answer, Api, call},
    concord, finish,
    process::Installation,
    top,
};

const ADMIN: &str = "ubnd.quan-tri";

/// Who publishes, in the folder of a policy whose files were changed.
fn policy(place: &Installation, change: impl Fn(&str, String) -> String) -> std::path::PathBuf {
    let folder = place.data().parent().expect("a parent").join("policy");
    fs::create_dir_all(&folder).expect("a folder");
    for entry in fs::read_dir(top().join("deploy/policy")).expect("the delivered policy") {
        let file = entry.expect("a file").path();
        let name = file.file_name().expect("a name").to_string_lossy().into_owned();
        let text = fs::read_to_string(&file).expect("a text");
        fs::write(folder.join(&name), change(&name, text)).expect("it can be written");
    }
    folder
}

fn files(change: impl Fn(&str, String) -> String) -> Value {
    let mut files = Vec::new();
    for name in [
        "policy.toml",
        "organisation.toml",
        "calendar-VN.toml",
        "deadlines.toml",
        "routing.toml",
        "rbac.toml",
        "duties.toml",
    ] {
        let text = fs::read_to_string(top().join("deploy/policy").join(name)).expect("a text");
        files.push(json!({ "name": name, "text": change(name, text) }));
    }
    json!(files)
}

/// Acknowledging takes an express case ten minutes, in a version of its own.
fn quicker(name: &str, text: String) -> String {
    match name {
        "policy.toml" => text.replace("2026.1", "2026.2"),
        "deadlines.toml" => text.replacen("[ack]\nhoa-toc = \"30 min\"", "[ack]\nhoa-toc = \"10 min\"", 1),
        _ => text,
    }
}

async fn acknowledged_by(api: &Api, case: &str) -> String {
    let case = api.get("btg.kiem-tra", &format!("/api/v1/cases/{case}")).await.expect("an answer");
    let mut deadlines = case.body["deadlines"].as_array().expect("deadlines").iter();
    let ack =
        deadlines.find(|each| each["key"] == "ack" && each["instance"] == 1).expect("an acknowledgement");
    ack["due"].as_str().expect("a time").to_owned()
}

async fn raised(api: &Api, key: &str) -> Answer {
    let raised = api.act("btg.truc-ban", "", "raise", key, &call()).await.expect("an answer");
    assert_eq!(raised.status, 201, "{}", raised.text);
    raised
}

#[tokio::test]
async fn a_policy_that_is_published_counts_from_its_time_on_and_after_a_restart() {
    let place = Installation::new();
    let up = place.up().await;
    let api = up.api();
    let first = raised(&api, "first").await;
    assert_eq!(acknowledged_by(&api, first.case()).await, "2026-05-16T15:22:00Z");
    let body = json!({ "files": files(quicker), "in_force": "2026-05-16T22:00:00+07:00" });
    let published = api.tell(ADMIN, "publish-policy", "p", &body).await.expect("an answer");
    assert_eq!(published.status, 201, "{}", published.text);
    let again = api.tell(ADMIN, "publish-policy", "p", &body).await.expect("an answer");
    assert!(again.is_repeat() && again.body == published.body, "{}", again.text);
    let before = raised(&api, "before").await;
    assert_eq!(acknowledged_by(&api, before.case()).await, "2026-05-16T15:22:00Z");
    api.set_clock("2026-05-16T22:00:00+07:00".parse().expect("a time")).await.expect("an answer");
    let after = raised(&api, "after").await;
    assert_eq!(acknowledged_by(&api, after.case()).await, "2026-05-16T15:10:00Z");
    assert_eq!(acknowledged_by(&api, first.case()).await, "2026-05-16T15:22:00Z", "it keeps its own");
    let policy = async |words: &[&str]| {
        finish(concord().arg("policy").args(words).arg("--data").arg(place.data())).await.succeeded()
    };
    let told = policy(&["show", "--at", "2026-05-16T21:55:00+07:00"]).await;
    assert!(told.contains("→ 2026.1") && told.contains("  2026.2"), "{told}");
    let differ = policy(&["diff", "2026.1", "2026.2"]).await;
    let lines: Vec<_> = differ.lines().collect();
    assert_eq!(
        lines,
        ["~ deadlines.toml ack hoa-toc: 30 min → 10 min", "~ policy.toml version: 2026.1 → 2026.2"]
    );
    let shown = api.get(ADMIN, "/api/v1/directory/policy").await.expect("an answer");
    assert_eq!(
        (&shown.body["in_force"], shown.body["versions"].as_array().map(Vec::len)),
        (&json!("2026.2"), Some(2))
    );
    assert!(up.term().await.success());

    let up = place.up().await;
    let api = up.api();
    let later = raised(&api, "later").await;
    assert_eq!(acknowledged_by(&api, later.case()).await, "2026-05-16T15:10:00Z");
    assert!(
        place.log().contains("the policy in force is another one than that of the files"),
        "{}",
        place.log()
    );
    assert!(up.term().await.success());
}

#[tokio::test]
async fn who_operates_the_machine_publishes_by_starting_it_and_never_two_texts_under_one_version() {
    let place = Installation::new();
    let up = place.up().await;
    assert!(up.term().await.success());
    let folder = policy(&place, quicker);
    place.configure(&format!("policy = {:?}\n", folder.display().to_string()));
    let up = place.up().await;
    let shown = up.api().get(ADMIN, "/api/v1/directory/policy").await.expect("an answer");
    assert_eq!(shown.body["in_force"], json!("2026.2"));
    assert!(up.term().await.success());

    policy(&place, |name, text| match name {
        "deadlines.toml" => text.replacen("\"4 h\"", "\"5 h\"", 1),
        _ => quicker(name, text),
    });
    let said = place.up_in_vain(&[]).await;
    assert!(said.err.contains("something else than version 2026.2 that was published"), "{}", said.err);
}

#[tokio::test]
async fn the_directory_survives_a_kill_and_can_be_replayed() {
    let place = Installation::new();
    let up = place.up().await;
    let api = up.api();
    let away = json!({ "officer": "ubnd.dau-moi", "until": "2026-05-20T07:00:00+07:00" });
    assert_eq!(api.tell("ubnd.dau-moi", "report-absence", "a", &away).await.expect("an answer").status, 201);
    let officer = json!({ "officer": "ubnd.moi", "name": "Nguyễn Văn Mới" });
    assert_eq!(api.tell(ADMIN, "register-officer", "r", &officer).await.expect("an answer").status, 201);
    let taking = json!({
        "officer": "ubnd.moi", "office": "UBND.VX.DM",
        "basis": { "number": 8, "symbol": "QĐ-UBND", "date": "2026-05-16" },
    });
    assert_eq!(api.tell(ADMIN, "take-office", "t", &taking).await.expect("an answer").status, 201);
    assert_eq!(
        api.tell(
            "ubnd.dau-moi2",
            "report-absence",
            "a2",
            &json!({
                "officer": "ubnd.dau-moi2", "until": "2026-05-20T07:00:00+07:00",
            })
        )
        .await
        .expect("an answer")
        .status,
        201
    );
    up.kill9().await;
    let up = place.up().await;
    let api = up.api();
    let case = raised(&api, "first").await;
    let holders: Vec<_> = case.body["case"]["assignments"]
        .as_array()
        .expect("assignments")
        .iter()
        .map(|each| each["assignment"]["holder"].as_str().unwrap_or_default().to_owned())
        .collect();
    assert_eq!(
        holders,
        ["BTG.TT.DM", "UBND.VX.DM"],
        "his colleague is there for him, and the deputy is not asked"
    );
    let new = api.act("ubnd.moi", case.case(), "acknowledge", "n", &json!({})).await.expect("an answer");
    assert_eq!(new.status, 200, "whoever is new has a token after the next start: {}", new.text);
    let shown = api.get("snnmt.dau-moi", "/api/v1/directory").await.expect("an answer");
    let agencies = shown.body["agencies"].as_array().expect("agencies");
    let ubnd = agencies.iter().find(|each| each["id"] == "UBND").expect("UBND");
    let desk = ubnd["offices"].as_array().expect("offices").iter().find(|each| each["id"] == "UBND.VX.DM");
    assert_eq!(desk.expect("an office")["available"], json!(true));
    let deputy = ubnd["offices"].as_array().expect("offices").iter().find(|each| each["id"] == "UBND.VX.DM2");
    assert_eq!(deputy.expect("an office")["available"], json!(false));
    let replay = place.replay(&[]).await.succeeded();
    assert!(replay.contains("directory.absence-reported"), "{replay}");
    assert!(replay.contains("directory.policy-published"), "{replay}");
    assert!(up.term().await.success());
}

#[tokio::test]
async fn whoever_holds_no_office_may_do_nothing() {
    let place = Installation::new();
    let up = place.up().await;
    let api = up.api();
    let leaving = json!({
        "officer": "sxd.lanh-dao", "office": "SXD.LD",
        "basis": { "number": 7, "symbol": "QĐ-UBND", "date": "2026-05-16" },
    });
    assert_eq!(api.tell(ADMIN, "leave-office", "l", &leaving).await.expect("an answer").status, 201);
    for path in ["/api/v1/cases", "/api/v1/directory"] {
        let answer = api.get("sxd.lanh-dao", path).await.expect("an answer");
        assert_eq!((answer.status, answer.code()), (403, "NOT_AUTHORISED"), "{}", answer.text);
    }
    assert!(up.term().await.success());
}
