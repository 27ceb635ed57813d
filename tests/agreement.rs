//! Two keys change the policy, through the real binary: one alone changes nothing, neither an act, nor a start with other
//! files, nor a kill in between.

#[expect(dead_code, reason = "each test uses its own part of what they share")]
mod support;

use std::{fs, path::PathBuf};

use reqwest::Method;
use serde_json::{Value, json};
use support::{
    Said,
    agreement::{HEADS, amending, done, file, plan, sign, ten_minutes},
    api::{Answer, Api, call, send},
    concord, finish,
    process::Installation,
    top,
};

const ADMIN: &str = "ubnd.quan-tri";
const AUDITOR: &str = "btg.kiem-tra";
const PATH: &str = "/api/v1/directory/agreement";

/// By when an express case that is raised now is to be acknowledged.
async fn acknowledged_by(api: &Api, key: &str) -> String {
    let raised = api.act("btg.truc-ban", "", "raise", key, &call()).await.expect("an answer");
    assert_eq!(raised.status, 201, "{}", raised.text);
    due(api, raised.case()).await
}

async fn due(api: &Api, case: &str) -> String {
    let case = api.get(AUDITOR, &format!("/api/v1/cases/{case}")).await.expect("an answer");
    let mut deadlines = case.body["deadlines"].as_array().expect("deadlines").iter();
    let ack =
        deadlines.find(|each| each["key"] == "ack" && each["instance"] == 1).expect("an acknowledgement");
    ack["due"].as_str().expect("a time").to_owned()
}

async fn agreement(api: &Api) -> Answer {
    let answer = api.get("snnmt.dau-moi", PATH).await.expect("an answer");
    assert_eq!(answer.status, 200, "{}", answer.text);
    answer
}

/// What is still to be done, and by whom.
fn awaited(answer: &Answer) -> Vec<String> {
    let awaiting = answer.body["awaiting"].as_array().expect("a list").iter();
    let words = |each: &Value| format!("{} {} {}", each["act"], each["number"], each["agency"]);
    awaiting.map(|each| words(each).replace('"', "")).collect()
}

async fn command(place: &Installation, arguments: &[&str]) -> Said {
    finish(concord().args(arguments).arg("--data").arg(place.data())).await
}

#[tokio::test]
async fn two_keys_change_a_deadline_and_one_changes_nothing() {
    let place = Installation::new();
    let up = place.up().await;
    let api = up.api();
    sign(&api, &plan()).await;
    let signed = agreement(&api).await;
    assert_eq!(signed.body["in_force"], json!(1));
    let block = &signed.body["agreements"][0]["signatures"];
    let [agency, office, capacity] = ["agency", "office", "capacity"].map(|field| &block[0][field]);
    assert_eq!([agency, office, capacity], [&json!("BTG"), &json!("BTG.LD"), &json!("direct")]);
    assert_eq!(block[1]["agency"], json!("UBND"));
    assert!(block[1]["title"].is_string() && block[1]["name"].is_string(), "{}", signed.text);

    // An administrator prepares; the first key is turned, and the machine dies.
    let proposed = done(&api, ADMIN, "propose-amendment", &amending()).await;
    assert_eq!(awaited(&agreement(&api).await), ["agree-amendment 1 BTG", "agree-amendment 1 UBND"]);
    let stale = api.request(HEADS[1], Method::POST, "/api/v1/directory/agree-amendment");
    let stale =
        stale.header("Idempotency-Key", "stale").header("If-Match", signed.header("ETag").expect("a tag"));
    let stale = send(stale.json(&json!({ "amendment": 1 }))).await.expect("an answer");
    assert_eq!((stale.status, stale.code()), (409, "CONFLICT"), "{}", stale.text);
    let first = done(&api, HEADS[1], "agree-amendment", &json!({ "amendment": 1 })).await;
    assert_eq!(first.body["version"], json!(proposed.body["version"].as_u64().expect("a version") + 1));
    up.kill9().await;

    let up = place.up().await;
    let api = up.api();
    let waiting = agreement(&api).await;
    assert_eq!(awaited(&waiting), ["agree-amendment 1 BTG"]);
    let amendment = &waiting.body["amendments"][0];
    assert_eq!((&amendment["state"], &amendment["proposed_by"]), (&json!("waiting"), &json!(ADMIN)));
    assert_eq!(amendment["files"][0]["text"], json!(ten_minutes()), "who is to agree can read it");
    assert_eq!(waiting.body["versions"].as_array().map(Vec::len), Some(1));
    let before = acknowledged_by(&api, "before").await;
    assert_eq!(before, "2026-05-16T15:22:00Z");

    // The second key: the version is in the log, and in force from its time on.
    let second = done(&api, HEADS[0], "agree-amendment", &json!({ "amendment": 1 })).await;
    let again = api.tell(HEADS[0], "agree-amendment", "agree-amendment 1", &json!({ "amendment": 1 })).await;
    let again = again.expect("an answer");
    assert!(again.is_repeat() && again.body == second.body, "{}", again.text);
    api.set_clock("2026-05-16T21:59:00+07:00".parse().expect("a time")).await.expect("an answer");
    let agreed = agreement(&api).await;
    assert_eq!(agreed.body["amendments"][0]["state"], json!("agreed"));
    assert_eq!(
        agreed.body["versions"][1],
        json!({
            "version": "2026.2", "in_force": "2026-05-16T15:00:00Z", "amendment": 1,
        })
    );
    assert_eq!(acknowledged_by(&api, "still before").await, "2026-05-16T15:29:00Z");
    api.set_clock("2026-05-16T22:00:00+07:00".parse().expect("a time")).await.expect("an answer");
    let after = api.act("btg.truc-ban", "", "raise", "after", &call()).await.expect("an answer");
    assert_eq!(due(&api, after.case()).await, "2026-05-16T15:10:00Z");
    let now = agreement(&api).await;
    assert_eq!(now.body["agreements"][0]["state"], json!("amended"));
    assert_eq!(now.body["amendments"][0]["state"], json!("in-force"));
    assert_eq!(now.body["amendments"][0]["files"][0], json!({ "name": "deadlines.toml", "text": null }));
    let shown = api.get(ADMIN, "/api/v1/directory/policy").await.expect("an answer");
    assert_eq!(shown.body["in_force"], json!("2026.2"));
    let difference = command(&place, &["policy", "diff", "2026.1", "2026.2"]).await.succeeded();
    let lines: Vec<_> = difference.lines().collect();
    assert_eq!(
        lines,
        ["~ deadlines.toml ack hoa-toc: 30 min → 10 min", "~ policy.toml version: 2026.1 → 2026.2"]
    );
    can_be_audited(&place).await;
    assert!(up.term().await.success());
}

/// The facts of the agreement are told, exported, and hold when all is judged again.
async fn can_be_audited(place: &Installation) {
    let told = place.replay(&[]).await.succeeded();
    for fact in ["agreement-proposed", "agreement-signed", "amendment-proposed", "amendment-agreed"] {
        assert!(told.contains(&format!("directory.{fact}")), "{told}");
    }
    assert!(told.contains("amendment 1, side A BTG, both sides"), "{told}");
    let keep = |name: &str| place.data().join(name).to_string_lossy().into_owned();
    let (export, kept) = (keep("all.zip"), keep("kept"));
    command(place, &["audit", "checkpoint", "--out", &kept]).await.succeeded();
    command(place, &["audit", "export", &export]).await.succeeded();
    let key = keep("credentials/checkpoints/1.pub");
    let verify = async |what: &[&str]| {
        let arguments: Vec<_> = ["audit", "verify"].iter().chain(what).copied().collect();
        let verdict = finish(concord().args(arguments)).await;
        assert_eq!(verdict.code, Some(0), "{}{}", verdict.out, verdict.err);
    };
    verify(&[&export, "--key", &key]).await;
    let data = place.data().to_string_lossy().into_owned();
    verify(&["--live", "--key", &key, "--checkpoint", &kept, "--data", &data]).await;
}

/// The files of the policy in a folder, one of them changed.
fn folder(place: &Installation, name: &str, text: &str) -> PathBuf {
    let folder = place.data().parent().expect("a parent").join("policy");
    fs::create_dir_all(&folder).expect("a folder");
    for entry in fs::read_dir(top().join("deploy/policy")).expect("the delivered policy") {
        let from = entry.expect("a file").path();
        fs::copy(&from, folder.join(from.file_name().expect("a name"))).expect("copied");
    }
    fs::write(folder.join(name), text).expect("written");
    place.configure(&format!("policy = {:?}\n", folder.display().to_string()));
    folder
}

async fn in_force(api: &Api) -> (String, usize) {
    let shown = api.get(ADMIN, "/api/v1/directory/policy").await.expect("an answer");
    let versions = shown.body["versions"].as_array().expect("versions").len();
    (shown.body["in_force"].as_str().expect("a version").to_owned(), versions)
}

#[tokio::test]
async fn while_it_is_in_force_nobody_publishes_alone_neither_by_an_act_nor_by_a_start() {
    let place = Installation::new();
    let up = place.up().await;
    let api = up.api();
    let mut short = plan();
    short["until"] = json!("2026-05-17");
    sign(&api, &short).await;
    let files: Vec<_> = domain::policy::FILES
        .iter()
        .map(|name| json!({ "name": name, "text": file(name).replace("\"2026.1\"", "\"2026.2\"") }))
        .collect();
    let publish = json!({ "files": files });
    let refused = api.tell(ADMIN, "publish-policy", "p", &publish).await.expect("an answer");
    assert_eq!((refused.status, refused.code()), (409, "TWO_KEYS_REQUIRED"), "{}", refused.text);
    let detail = refused.body["detail"].as_str().expect("a reason");
    assert!(detail.contains("propose-amendment"), "{detail}");
    assert_eq!(in_force(&api).await, ("2026.1".to_owned(), 1));
    assert!(up.term().await.success());

    // Neither with a version that is new, nor with another text under the one in force.
    for (name, text) in [
        ("policy.toml", file("policy.toml").replace("\"2026.1\"", "\"2026.2\"")),
        ("deadlines.toml", ten_minutes()),
    ] {
        folder(&place, name, &text);
        let warnings =
            || place.log().matches("the policy in force is another one than that of the files").count();
        let before = warnings();
        let up = place.up().await;
        assert_eq!(warnings(), before + 1, "{}", place.log());
        let api = up.api();
        assert_eq!(in_force(&api).await, ("2026.1".to_owned(), 1));
        assert_eq!(acknowledged_by(&api, name).await, "2026-05-16T15:22:00Z");
        assert!(up.term().await.success());
    }

    // After its end who operates the machine publishes by starting it, as before.
    folder(&place, "policy.toml", &file("policy.toml").replace("\"2026.1\"", "\"2026.2\""));
    let up = place.up().await;
    let api = up.api();
    api.set_clock("2026-05-18T00:00:00+07:00".parse().expect("a time")).await.expect("an answer");
    let ended = agreement(&api).await;
    assert_eq!(
        (&ended.body["in_force"], &ended.body["agreements"][0]["state"]),
        (&json!(null), &json!("expired"))
    );
    assert!(place.replay(&[]).await.succeeded().contains("directory.agreement-expired"));
    assert!(up.term().await.success());
    let up = place.up().await;
    assert_eq!(in_force(&up.api()).await, ("2026.2".to_owned(), 2));
    assert!(up.term().await.success());
}
