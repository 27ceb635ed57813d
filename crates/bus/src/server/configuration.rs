//! The server's configuration file: every write synced, one user with exact rights for each credential; alone it listens
//! on this machine only, in a cluster by TLS only.

use std::fmt::Write as _;
use std::path::Path;

use super::place::Place;
use super::{Node, ServerOptions, Synced};
use crate::credentials::{Credential, Credentials};
use crate::permissions::Principal;

/// The whole configuration. It holds public keys only. Without a place it is for a server that somebody else starts.
pub(super) fn configuration(
    options: &ServerOptions,
    credentials: &Credentials,
    place: Option<&Place>,
) -> String {
    let listen = |port: u16| if port == 0 { -1 } else { i32::from(port) };
    let host = options.node.as_ref().map_or("127.0.0.1", |node| node.host.as_str());
    let mut text = match place {
        Some(place) => format!(
            "# Written by Concord at each start: changes here are lost.\npid_file: {}\nports_file_dir: {}\n",
            path(&place.pid_file()),
            path(&place.ports_dir()),
        ),
        None => {
            "# Written by `concord provision cluster`: change what it was made from, and write it again.\n"
                .to_owned()
        }
    };
    let _ = write!(
        text,
        "server_name: {name}\n\
         listen: \"{host}:{port}\"\n\
         {monitor}: \"{host}:{monitor_port}\"\n\
         jetstream {{\n  store_dir: {store_dir}\n  max_file: {max_store_bytes}\n  sync_interval: {synced}\n}}\n",
        name = quoted(&options.name),
        port = listen(options.port),
        monitor = if options.node.is_some() { "https" } else { "http" },
        monitor_port = listen(options.monitor_port),
        store_dir = path(place.map_or(&options.dir, |place| &place.dir)),
        max_store_bytes = options.max_store_bytes,
        synced = match options.synced {
            Synced::BeforeItConfirms => "always",
            Synced::AtTheEnd => "1h",
        },
    );
    if let Some(node) = &options.node {
        text.push_str(&cluster(node));
    }
    let (system, services): (Vec<_>, Vec<_>) =
        credentials.iter().partition(|credential| credential.principal == Principal::System);
    text.push_str("authorization {\n  timeout: 10\n");
    users(&mut text, &services);
    text.push_str("}\n");
    if !system.is_empty() {
        // An account of its own: who asks the servers how they are reads no stream.
        text.push_str("accounts {\n  SYSTEM {\n");
        users(&mut text, &system);
        text.push_str("  }\n}\nsystem_account: SYSTEM\n");
    }
    text
}

/// What makes it one of several: TLS to clients, and to the others with proof from both.
fn cluster(node: &Node) -> String {
    let tls = |indent: &str, both: bool| {
        format!(
            "{indent}tls {{\n{indent}  cert_file: {}\n{indent}  key_file: {}\n{indent}  ca_file: {}\n\
             {indent}  min_version: \"1.3\"\n{indent}  verify: {both}\n{indent}  timeout: 5\n{indent}}}\n",
            path(&node.certificate),
            path(&node.key),
            path(&node.ca),
        )
    };
    let routes: Vec<_> = node.others.iter().map(|other| format!("nats-route://{other}")).collect();
    let advertise =
        node.advertise.as_ref().map(|to| format!("  advertise: {}\n", quoted(to))).unwrap_or_default();
    format!(
        "{clients}cluster {{\n  name: {name}\n  listen: \"{host}:{port}\"\n  routes: {routes}\n{advertise}\
         \x20 # Clients know the servers by their configuration: no address is told them that they do not know.\n\
         \x20 no_advertise: true\n\
         \x20 # Who stands still is given up soon: until then a third of all reads goes to it.\n\
         \x20 ping_interval: \"2s\"\n  ping_max: 2\n{others}}}\n\
         # Told to leave (SIGUSR2), it sends its clients to the others little by little.\n\
         lame_duck_grace_period: \"2s\"\nlame_duck_duration: \"30s\"\n",
        clients = tls("", false),
        name = quoted(&node.cluster),
        host = node.host,
        port = node.port,
        routes = list(&routes),
        others = tls("  ", true),
    )
}

/// One user with exact rights for each credential.
fn users(text: &mut String, credentials: &[&Credential]) {
    text.push_str("  users: [\n");
    for credential in credentials {
        let rights = credential.principal.rights();
        let responses = if rights.responses { ", allow_responses: true" } else { "" };
        // Writing to a String does not fail.
        let _ = writeln!(
            text,
            "    # {name}\n    {{ nkey: {key}, permissions: {{\n      publish: {{ allow: {publish} }}\n      \
             subscribe: {{ allow: {subscribe} }}{responses}\n    }} }}",
            name = credential.principal,
            key = credential.seed.public_key(),
            publish = list(&rights.publish),
            subscribe = list(&rights.subscribe),
        );
    }
    text.push_str("  ]\n");
}

fn path(path: &Path) -> String {
    quoted(&path.to_string_lossy())
}

fn list(subjects: &[String]) -> String {
    format!("[{}]", subjects.iter().map(|subject| quoted(subject)).collect::<Vec<_>>().join(", "))
}

fn quoted(text: &str) -> String {
    format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\""))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_in_the_configuration_is_quoted() {
        assert_eq!(quoted(r#"a "b" \c"#), r#""a \"b\" \\c""#);
        assert_eq!(list(&["$JS.API.>".to_owned(), "x".to_owned()]), r#"["$JS.API.>", "x"]"#);
    }
}
