//! The NATS server, its streams and its consumer: whether it keeps what it confirms, and how full it is.

use std::error::Error;

use bus::{
    Principal,
    connection::{ConnectError, NotDurable},
    credentials::Credential,
    health::{self, StoredCopy, StreamHealth},
    log::ReadError,
    server::find_binary,
    streams::{CONSUMERS, Replicas, Shape, declared, verify, verify_consumer},
};

use super::{
    Patient, machine,
    monitors::Monitor,
    report::{Check, bytes, counted},
};
use crate::process::connect;

/// The program, the server, and the proof that it writes to the disk before it confirms; whether there is any use in
/// asking it further.
pub(super) async fn server(patient: &Patient) -> (Vec<Check>, bool) {
    const NAME: &str = "nats-server";
    let mut checks = vec![binary(patient).await];
    let Some(server) = &patient.server else {
        checks.extend([NAME, "durability"].map(|name| Check::skipped(name, "no server is known")));
        return (checks, false);
    };
    let folder = patient.config.credentials();
    let usual = [Principal::Deploy, Principal::Audit, Principal::Notifier];
    let credential =
        usual.into_iter().chain(Principal::ALL).find_map(|each| Credential::read(&folder, each).ok());
    let Some(credential) = credential else {
        checks
            .extend([NAME, "durability"].map(|name| Check::skipped(name, "no credential can be used here")));
        return (checks, false);
    };
    let versions = versions(&patient.monitors);
    let found = format!("{versions}at {}, lets in only whom it knows", server.url);
    match connect(server, &credential).await {
        Ok(bus) => {
            // It was only to be reached.
            let _ = bus.close().await;
            checks.push(Check::ok(NAME, found));
            checks.push(Check::ok("durability", "it writes to the disk before it confirms"));
            (checks, true)
        }
        Err(error) => {
            if let Some(why) = not_durable(error.as_ref()) {
                checks.extend([Check::ok(NAME, found), durability(why)]);
                return (checks, true);
            }
            let advice = "see that nats-server runs, and what it logs (nats/nats.log)";
            checks.push(Check::failed(NAME, &error, advice));
            checks.push(Check::skipped("durability", "the server is not reached"));
            (checks, false)
        }
    }
}

/// What a server does not prove, if it was reached and that alone is wrong.
pub(super) fn not_durable<'a>(error: &'a (dyn Error + Send + Sync + 'static)) -> Option<&'a NotDurable> {
    match error.downcast_ref::<ConnectError>() {
        Some(ConnectError::NotDurable(why)) => Some(why),
        _ => None,
    }
}

fn durability(why: &NotDurable) -> Check {
    const NAME: &str = "durability";
    match why {
        NotDurable::NoMonitor { url, reason } => Check::fail(
            NAME,
            format!("not proven: the monitor {url} cannot be read ({reason})"),
            "see that this server runs and `http:` in its configuration; without the proof nothing starts or connects",
        ),
        other => Check::failed(NAME, other, "set sync_interval: always in its configuration, and restart it"),
    }
}

async fn binary(patient: &Patient) -> Check {
    const NAME: &str = "nats-binary";
    if let Some(url) = &patient.config.nats.url {
        return Check::skipped(NAME, format!("none is started here: [nats] url is {url}"));
    }
    match find_binary(patient.config.nats.server.as_deref()).await {
        Ok(path) => Check::ok(NAME, path.display().to_string()),
        Err(error) => Check::failed(NAME, &error, "install nats-server, and name it in [nats] server"),
    }
}

/// What the servers call themselves, `2.15.1 `; nothing, where no monitor answers.
fn versions(monitors: &[Monitor]) -> String {
    let known = monitors.iter().filter_map(|monitor| monitor.vitals.as_ref().ok());
    known.flat_map(|vitals| [vitals.version.as_str(), " "]).collect()
}

/// Each stream and the consumer, and whether all of them will fit on the disk.
pub(super) async fn streams(patient: &Patient) -> Vec<Check> {
    // Only who makes the streams may ask about all of them.
    let bus = match patient.connect(Principal::Deploy).await {
        Ok(bus) => bus,
        Err(why) => {
            let copies = patient.monitors.iter().filter_map(|monitor| monitor.copies.as_deref().ok());
            let found =
                format!("{why}; how full they are is said without it, not whether they are as declared");
            let skipped = Check::skipped("streams", found);
            return [skipped].into_iter().chain(rooms(copies.flatten())).collect();
        }
    };
    let (mut checks, mut remaining) = (Vec::new(), 0);
    for declaration in declared(&patient.config.nats.shape()) {
        let name = check_name(declaration.name);
        let stands = match health::stream(&bus, declaration.name).await {
            Ok(stands) => stands,
            Err(error) => {
                checks.push(unasked(&name, &error, patient.config.nats.url.is_some()));
                continue;
            }
        };
        remaining += stands.max_bytes.saturating_sub(stands.bytes);
        checks.push(match verify(&bus, &declaration).await {
            Ok(()) => room(&name, stands.messages, stands.bytes, stands.max_bytes),
            Err(error) => Check::failed(&name, &error, "have an operator alter it: Concord never does"),
        });
        if patient.config.nats.replicas == Replicas::Three {
            checks.push(copies(&format!("{name}-replicas"), &stands));
        }
    }
    for declaration in CONSUMERS {
        let name = format!("consumer-{}", declaration.name);
        checks.push(match verify_consumer(&bus, &declaration).await {
            Ok(()) => Check::ok(&name, format!("as declared, on {}", declaration.stream)),
            Err(error) => Check::failed(&name, &error, "have an operator alter it: Concord never does"),
        });
    }
    // It was only to be asked.
    let _ = bus.close().await;
    if patient.config.nats.url.is_none()
        && let Ok((free, _)) = machine::room(&patient.config.data)
    {
        checks.push(machine::for_streams(free, remaining));
    }
    checks
}

/// `stream-kv-identity` of `KV_IDENTITY`.
fn check_name(stream: &str) -> String {
    format!("stream-{}", stream.to_lowercase().replace('_', "-"))
}

/// A stream that the server does not describe: it is not there, or nobody answers.
fn unasked(name: &str, error: &ReadError, others_server: bool) -> Check {
    let advice = match (error, others_server) {
        (ReadError::Silent { .. }, _) => "see that the NATS server answers, and ask again in a minute",
        (ReadError::Refused { .. }, true) => "if it is missing, make it: `concord provision streams`",
        (ReadError::Refused { .. }, false) => "if it is missing, start `concord up`, which makes it",
    };
    Check::fail(name, error.to_string(), advice)
}

/// How full each stream is where most of it lies, in the order of their declaration.
fn rooms<'a>(copies: impl Iterator<Item = &'a StoredCopy>) -> Vec<Check> {
    let copies: Vec<_> = copies.collect();
    let fullest = |stream| copies.iter().filter(|copy| copy.stream == stream).max_by_key(|copy| copy.bytes);
    let declared = declared(&Shape::default());
    let found = declared.iter().filter_map(|declared| Some((declared.name, fullest(declared.name)?)));
    found.map(|(name, copy)| room(&check_name(name), copy.messages, copy.bytes, copy.max_bytes)).collect()
}

fn room(name: &str, messages: u64, taken: u64, most: u64) -> Check {
    const ADVICE: &str = "call the maintainers: a full stream refuses, and drops nothing";
    let thousandths = u128::from(taken) * 1_000 / u128::from(most.max(1));
    let share = format!("{}.{} %", thousandths / 10, thousandths % 10);
    let messages = usize::try_from(messages).unwrap_or(usize::MAX);
    let found = format!("{}, {share} of {}", counted(messages, "message"), bytes(most));
    match thousandths {
        0..800 => Check::ok(name, found),
        800..950 => Check::warn(name, found, ADVICE),
        _ => Check::fail(name, found, ADVICE),
    }
}

/// Whether every copy could take over at once.
fn copies(name: &str, stands: &StreamHealth) -> Check {
    const ADVICE: &str = "see that this server runs and is reached by the others; it catches up by itself";
    let Some(leader) = &stands.leader else {
        return Check::fail(
            name,
            "nobody leads it",
            "see that two of the three servers run and reach each other",
        );
    };
    let unwell: Vec<_> =
        stands.followers.iter().filter(|each| !each.is_well()).map(ToString::to_string).collect();
    match (stands.followers.len(), unwell.as_slice()) {
        (2, []) => Check::ok(name, format!("{leader} leads, two copies are current")),
        (2, [_]) => Check::warn(name, format!("{leader} leads; {}", unwell.join("; ")), ADVICE),
        (2, _) => Check::fail(name, format!("{leader} leads; {}", unwell.join("; ")), ADVICE),
        (others, _) => {
            Check::fail(name, format!("{leader} leads, and there are {others} copies beside it"), ADVICE)
        }
    }
}

#[cfg(test)]
mod tests {
    use bus::health::Follower;

    use super::*;
    use crate::doctor::report::Verdict;

    fn stands(followers: &[(&str, bool, u64)]) -> StreamHealth {
        let follower = |(name, current, lag): &(&str, bool, u64)| Follower {
            name: (*name).to_owned(),
            current: *current,
            offline: false,
            lag: *lag,
        };
        StreamHealth {
            messages: 1_234,
            last_sequence: 1_234,
            bytes: 0,
            max_bytes: 8 << 30,
            leader: Some("n1".to_owned()),
            followers: followers.iter().map(follower).collect(),
        }
    }

    #[test]
    fn a_stream_warns_at_four_fifths_and_fails_at_nineteen_twentieths() {
        let verdict = |percent| room("stream-cases", 1, (8_u64 << 30) / 100 * percent + 100, 8 << 30).verdict;
        assert_eq!([0, 79].map(verdict), [Verdict::Ok; 2]);
        assert_eq!([80, 94].map(verdict), [Verdict::Warn; 2]);
        assert_eq!([95, 100].map(verdict), [Verdict::Fail; 2]);
        assert_eq!(room("s", 1_234, 1 << 30, 8 << 30).found, "1,234 messages, 12.5 % of 8.0 GiB");
    }

    #[test]
    fn without_a_key_the_monitors_say_how_full_the_fullest_copy_is() {
        let copy = |stream: &str, bytes| StoredCopy {
            stream: stream.to_owned(),
            messages: 7,
            last_sequence: 7,
            bytes,
            max_bytes: 1_000,
            replicas: 3,
        };
        let copies = [copy("OUTBOX", 10), copy("CASES", 100), copy("CASES", 960), copy("other", 1_000)];
        let said: Vec<_> =
            rooms(copies.iter()).into_iter().map(|check| (check.name, check.verdict)).collect();
        let expected = [("stream-cases", Verdict::Fail), ("stream-outbox", Verdict::Ok)];
        assert_eq!(said, expected.map(|(name, verdict)| (name.to_owned(), verdict)));
    }

    #[test]
    fn a_stream_that_is_missing_is_made_where_the_servers_are_and_silence_is_no_loss() {
        let advice = |error: &ReadError, others| unasked("s", error, others).advice.unwrap();
        let missing = ReadError::Refused { stream: "CASES", reason: "stream not found".to_owned() };
        assert!(advice(&missing, false).contains("concord up"));
        assert!(advice(&missing, true).contains("concord provision streams"));
        assert!(
            advice(&ReadError::Silent { stream: "CASES" }, false).starts_with("see that the NATS server")
        );
    }

    #[test]
    fn one_copy_that_lags_is_warned_of_and_two_fail() {
        let said = |followers: &[_]| copies("s", &stands(followers));
        let well = said(&[("n2", true, 0), ("n3", true, 0)]);
        assert_eq!((well.verdict, well.found.as_str()), (Verdict::Ok, "n1 leads, two copies are current"));
        let one = said(&[("n2", true, 0), ("n3", false, 7)]);
        assert_eq!(
            (one.verdict, one.found.as_str()),
            (Verdict::Warn, "n1 leads; n3 is not current, 7 behind")
        );
        assert_eq!(said(&[("n2", false, 3), ("n3", false, 7)]).verdict, Verdict::Fail);
        assert_eq!(said(&[("n2", true, 0)]).verdict, Verdict::Fail);
        let nobody = StreamHealth { leader: None, ..stands(&[]) };
        assert_eq!(copies("s", &nobody).verdict, Verdict::Fail);
    }

    #[test]
    fn a_server_that_proves_nothing_is_told_from_one_whose_monitor_is_silent() {
        let url = "http://127.0.0.1:18222".to_owned();
        let later = durability(&NotDurable::SyncsLater { url: url.clone() });
        assert!(later.found.ends_with("confirms before the disk has it"), "{}", later.found);
        assert!(later.advice.unwrap().starts_with("set `sync_interval: always` in the jetstream block"));
        let silent = durability(&NotDurable::NoMonitor { url, reason: "refused".to_owned() });
        assert_eq!(silent.found, "not proven: the monitor http://127.0.0.1:18222 cannot be read (refused)");
    }

    #[test]
    fn a_check_is_called_as_its_stream_in_small_letters() {
        assert_eq!(check_name("KV_IDENTITY"), "stream-kv-identity");
        assert_eq!(check_name("OBJ_attachments"), "stream-obj-attachments");
    }
}
