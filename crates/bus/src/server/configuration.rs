//! The server's configuration file: loopback only, every write synced, one user with exact rights for each
//! credential.

use std::fmt::Write as _;
use std::path::Path;

use super::place::Place;
use super::{ServerOptions, Synced};
use crate::credentials::Credentials;

/// The whole configuration. It holds public keys only.
pub(super) fn configuration(options: &ServerOptions, credentials: &Credentials, place: &Place) -> String {
    let listen = |port: u16| if port == 0 { -1 } else { i32::from(port) };
    let path = |path: &Path| quoted(&path.to_string_lossy());
    let mut text = format!(
        "# Written by Concord at each start: changes here are lost.\n\
         server_name: {name}\n\
         listen: \"127.0.0.1:{port}\"\n\
         http: \"127.0.0.1:{monitor_port}\"\n\
         pid_file: {pid_file}\n\
         ports_file_dir: {ports_dir}\n\
         jetstream {{\n  store_dir: {store_dir}\n  max_file: {max_store_bytes}\n  sync_interval: {synced}\n}}\n\
         authorization {{\n  timeout: 10\n  users: [\n",
        name = quoted(&options.name),
        port = listen(options.port),
        monitor_port = listen(options.monitor_port),
        pid_file = path(&place.pid_file()),
        ports_dir = path(&place.ports_dir()),
        store_dir = path(&place.dir),
        max_store_bytes = options.max_store_bytes,
        synced = match options.synced {
            Synced::BeforeItConfirms => "always",
            Synced::AtTheEnd => "1h",
        },
    );
    for credential in credentials.iter() {
        let rights = credential.principal.rights();
        let responses = if rights.responses { ", allow_responses: true" } else { "" };
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
    text.push_str("  ]\n}\n");
    text
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
